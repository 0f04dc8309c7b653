"""An issued document as UBL 2.1: EN 16931, and CIUS-RO where the seller is Romanian (TAX-2).

A pure function of the document: nothing is looked up, so the file can be made again at any time, byte for byte.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from billing.rules.money import exponent
from billing.rules.paper.document import Document
from providers.anaf.ubl import texts
from providers.anaf.ubl.lines import add_lines
from providers.anaf.ubl.nodes import branch, day, leaf, money, root, written
from providers.anaf.ubl.parties import add_buyer, add_delivery, add_seller
from providers.anaf.ubl.taxes import add_category, add_scheme, add_tax_totals, office_total

EN16931 = "urn:cen.eu:en16931:2017"
CIUS_RO = f"{EN16931}#compliant#urn:efactura.mfinante.ro:CIUS-RO:1.0.1"
MAX_DECIMALS = 2
_PAYMENT_CODES = {"card": "48", "bank_transfer": "30", "paypal": "68", "credit": "97"}
_UNDEFINED_PAYMENT = "1"
_DISCOUNT = "95"
"""UNTDID 5189: a discount."""
_WORDS = {
    "en": {"on_receipt": "Payable on receipt", "paid_back": "Paid back to the payer"},
    "ro": {"on_receipt": "Plata la primirea facturii", "paid_back": "Suma se restituie plătitorului"},
}


class NotWritableError(ValueError):
    """UBL can't hold the document. Nothing was sent; the document itself and its PDF are not affected."""


def compose(document: Document) -> bytes:
    """The document as UTF-8 XML: `Invoice` (380), or `CreditNote` (381) with positive amounts.

    Raises:
        NotWritableError: the currency has more than two decimals (BR-DEC-RO-*), or the document has no lines.
    """
    if exponent(document.currency) > MAX_DECIMALS:
        raise NotWritableError(
            f"{document.number} is in {document.currency}, which has three decimals; UBL under EN 16931 holds two. "
            "It can't be sent as an e-invoice: issue it in another currency, or on paper only."
        )
    if not document.lines:
        raise NotWritableError(
            f"{document.number} has no lines, and an e-invoice needs one (BR-16): issue it with what it is for."
        )
    credit = document.kind == "credit_note"
    element = root("CreditNote" if credit else "Invoice")
    leaf(element, "CustomizationID", CIUS_RO if document.seller.address.country == "RO" else EN16931)
    leaf(element, "ID", texts.clean(document.number))
    day(element, "IssueDate", document.issued_on)
    _add_head(element, document)
    if document.corrects:
        before = branch(branch(element, "BillingReference"), "InvoiceDocumentReference")
        leaf(before, "ID", texts.clean(document.corrects))
        day(before, "IssueDate", document.corrects_issued_on)
    add_seller(element, document)
    add_buyer(element, document)
    add_delivery(element, document)
    _add_payment(element, document)
    _add_allowances(element, document)
    add_tax_totals(element, document)
    _add_totals(element, document)
    add_lines(element, document)
    return written(element)


def _add_head(element: Element, document: Document) -> None:
    """Type, dates, notes and currencies, whose order differs between the two kinds."""
    if document.kind == "credit_note":
        day(element, "TaxPointDate", document.tax_point_on)
        leaf(element, "CreditNoteTypeCode", "381")
        _add_notes(element, document)
    else:
        day(element, "DueDate", document.due_on)
        leaf(element, "InvoiceTypeCode", "380")
        _add_notes(element, document)
        day(element, "TaxPointDate", document.tax_point_on)
    leaf(element, "DocumentCurrencyCode", document.currency)
    office = office_total(document)
    leaf(element, "TaxCurrencyCode", office[1] if office else None)


def _add_notes(element: Element, document: Document) -> None:
    notes = [document.reason] if document.reason else []
    if document.foreign_tax:
        rate = document.foreign_tax
        notes.append(
            f"1 {document.currency} = {rate.rate} {rate.currency} ({rate.rate_source}, {rate.rate_on.isoformat()})"
        )
    notes += document.notes
    for note in notes[: texts.MAX_NOTES]:
        leaf(element, "Note", texts.cut(note, texts.NOTE))


def _add_payment(element: Element, document: Document) -> None:
    seller = document.seller
    credit = document.kind == "credit_note"
    if document.payment != "none":
        means = branch(element, "PaymentMeans")
        code = _PAYMENT_CODES[document.payment]
        account = document.payment == "bank_transfer" and not credit
        # A transfer without the account that it goes to is refused (BR-61).
        leaf(
            means,
            "PaymentMeansCode",
            _UNDEFINED_PAYMENT if document.payment == "bank_transfer" and not (account and seller.iban) else code,
        )
        if credit:
            day(means, "PaymentDueDate", document.due_on)
        leaf(means, "PaymentID", texts.cut(document.payment_reference or "", texts.PAYMENT_ID))
        if account and seller.iban:
            payee = branch(means, "PayeeFinancialAccount")
            leaf(payee, "ID", seller.iban.replace(" ", ""))
            leaf(payee, "Name", texts.cut(seller.name, texts.NAME))
    if document.payable_minor > 0 and document.due_on is None:  # BR-CO-25
        words = _WORDS[document.language]
        leaf(branch(element, "PaymentTerms"), "Note", words["paid_back"] if credit else words["on_receipt"])


def _add_allowances(element: Element, document: Document) -> None:
    for allowance in document.allowances:
        charge = branch(element, "AllowanceCharge")
        leaf(charge, "ChargeIndicator", "false")
        leaf(charge, "AllowanceChargeReasonCode", _DISCOUNT)
        leaf(charge, "AllowanceChargeReason", texts.cut(allowance.reason, texts.REASON))
        money(charge, "Amount", allowance.net_minor, document.currency)
        add_scheme(add_category(charge, "TaxCategory", allowance.tax))


def _add_totals(element: Element, document: Document) -> None:
    totals, currency = branch(element, "LegalMonetaryTotal"), document.currency
    allowed = sum(allowance.net_minor for allowance in document.allowances)
    money(totals, "LineExtensionAmount", sum(line.net_minor for line in document.lines), currency)
    money(totals, "TaxExclusiveAmount", document.net_minor, currency)
    money(totals, "TaxInclusiveAmount", document.total_minor, currency)
    if allowed:
        money(totals, "AllowanceTotalAmount", allowed, currency)
    if document.prepaid_minor:
        money(totals, "PrepaidAmount", document.prepaid_minor, currency)
    money(totals, "PayableAmount", document.payable_minor, currency)
