"""Issues the legal paper of an invoice of ours: whole, dated, and with a number that is drawn with the commit (INV-8, INV-9).

Asked for by whatever makes the paper due, done once at the unit's end for all of a page: seller, buyers and papers that exist are
read by one statement each. What a paper waits for (a rate of exchange, of tax) holds back the paper, never the money.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple

from billing.operations.foreign_tax import NoExchangeRateError, foreign_tax
from billing.operations.keep_back import Cause, keep_back, let_go
from billing.operations.parties import bill_tos, buyer_party, seller_of, seller_party
from billing.operations.send_on import send_on
from billing.operations.tax_invoice import broken_down, freeze, frozen_taxes, how_taxed, seller_day
from billing.operations.tell_paper import tell_paper
from billing.operations.unit import UnitOfWork
from billing.rules.paper.document import Document
from billing.rules.paper.unnumbered import Unnumbered
from billing.rules.paper.when import KEEP_YEARS, WHEN
from billing.rules.tax.breakdown import BrokenDown, MixedTaxError
from billing.rules.tax.rates import NoRateError
from models.base import OWN_SOURCE
from models.bill_to import BillTo
from models.document_wait import DocumentWait
from models.invoice import Invoice
from models.seller import Seller
from models.subscriber import Subscriber

Payment = Literal["card", "bank_transfer", "paypal", "credit", "none"]

_ISSUED = "SELECT external_id FROM bursar.document WHERE source = 'bursar' AND external_id = ANY (%(refs)s)"
_WAITS_FOR: dict[type[Exception], Cause] = {NoRateError: "no_tax_rate", NoExchangeRateError: "no_fx_rate", MixedTaxError: "mixed_tax"}
_PAID_BY: dict[str | None, Payment] = {"stripe": "card", "paypal": "paypal"}


def paper_ref(invoice_ref: str) -> str:
    """The reference of an invoice's paper."""
    return f"invoice:{invoice_ref}"


def issue_when(unit: UnitOfWork, row: Invoice, moment: Literal["issued", "paid"]) -> None:
    """Have the paper of a locked invoice issued at the unit's end, if this is the moment for its type and it comes to something."""
    if WHEN.get(row.invoice_type or "") == moment and row.total_minor and seller_of(unit) is not None:
        unit.later(issue_documents, row.external_id)


def issue_documents(unit: UnitOfWork, invoice_refs: Sequence[str]) -> None:
    """Issue those papers that are not there yet; the invoices' subscribers are locked. One that is void meanwhile gets none."""
    seller = seller_of(unit)
    if seller is None:
        return
    refs = [paper_ref(ref) for ref in invoice_refs]
    there = {row["external_id"] for row in unit.committed(_ISSUED, {"refs": refs})} | {paper.reference for paper in unit.papers}
    unit.load((Invoice.NAME, OWN_SOURCE, ref) for ref in invoice_refs)
    rows = [unit.row(Invoice, OWN_SOURCE, ref) for ref in invoice_refs if paper_ref(ref) not in there]
    rows = [row for row in rows if row.status != "void" and row.total_minor]
    unit.find(DocumentWait, OWN_SOURCE, refs)
    buyers = bill_tos(unit, sorted({row.subscriber_ref or "" for row in rows}))
    issued = []
    for row in rows:
        unit.again(row.external_id)
        if _issue(unit, seller, row, buyers.get(row.subscriber_ref or "")):
            issued.append(paper_ref(row.external_id))
    send_on(unit, seller, issued)


def _issue(unit: UnitOfWork, seller: Seller, row: Invoice, bill_to: BillTo | None) -> bool:
    """Whether it is; else it waits."""
    subscriber = unit.row(Subscriber, OWN_SOURCE, row.subscriber_ref or "")
    language = language_of(seller, subscriber)
    reference = paper_ref(row.external_id)
    try:
        broken = _taxed(unit, seller, row, subscriber.zone or "UTC", language)
        document = _document(unit, _Parts(seller, subscriber, bill_to, row, language, broken))
    except (NoRateError, NoExchangeRateError, MixedTaxError) as error:
        keep_back(unit, reference, row, _WAITS_FOR[type(error)], str(error))
        return False
    waited = let_go(unit, reference)
    paper = Unnumbered(
        reference=reference, series=seller.invoice_series or "", at=unit.began_at, document=document,
        invoice_ref=row.external_id, subscriber_ref=row.subscriber_ref or "", corrects_ref=None, keep_years=seller.keep_years or KEEP_YEARS,
    )  # fmt: skip
    unit.issue(paper)
    tell_paper(unit, row, paper, waited=waited)
    return True


def _taxed(unit: UnitOfWork, seller: Seller, row: Invoice, zone: str, language: str) -> BrokenDown:
    """As it was frozen with the invoice. Where it was not, or where only the payment makes it due, the tax is taken out of the total."""
    taxes = frozen_taxes(row)
    if taxes is None or (row.tax_inclusive and WHEN.get(row.invoice_type or "") == "paid"):
        row.tax_inclusive = True
        taxes = how_taxed(unit, seller, row, seller_day(seller, _tax_point(row) or unit.now))
        freeze(row, taxes, broken_down(row, taxes))
    return broken_down(row, taxes, zone=zone, language=language)


def _tax_point(row: Invoice) -> datetime | None:
    return row.paid_at if WHEN.get(row.invoice_type or "") == "paid" else row.finalized_at


class _Parts(NamedTuple):
    seller: Seller
    subscriber: Subscriber
    bill_to: BillTo | None
    row: Invoice
    language: Literal["en", "ro"]
    broken: BrokenDown


def _document(unit: UnitOfWork, parts: _Parts) -> Document:
    seller, subscriber, bill_to, row, language, broken = parts
    issued_on = seller_day(seller, unit.began_at)
    due_on = seller_day(seller, row.due_at) if row.due_at else None
    prepaid = min(broken.total_minor, (row.credit_applied_minor or 0) + (row.amount_paid_minor or 0))
    return Document(
        kind="invoice", number="", issued_on=issued_on, tax_point_on=_day(seller, _tax_point(row), issued_on) or issued_on,
        due_on=due_on and max(due_on, issued_on), currency=row.currency or "", language=language, seller=seller_party(seller),
        buyer=buyer_party(seller, subscriber, bill_to), lines=broken.lines, allowances=broken.allowances, taxes=broken.taxes,
        net_minor=broken.net_minor, tax_minor=broken.tax_minor, total_minor=broken.total_minor, prepaid_minor=prepaid,
        payable_minor=broken.total_minor - prepaid,
        foreign_tax=foreign_tax(unit, seller, row.currency or "", broken.tax_minor, issued_on),
        payment=_payment(row, subscriber), paid_on=_day(seller, row.paid_at, issued_on), payment_reference=row.payment_ref,
    )  # fmt: skip


def _payment(row: Invoice, subscriber: Subscriber) -> Payment:
    if row.status == "paid" and not row.amount_paid_minor:
        return "credit"
    return _PAID_BY.get(subscriber.pay_source, "bank_transfer")


def _day(seller: Seller, at: datetime | None, issued_on: date) -> date | None:
    return min(issued_on, seller_day(seller, at)) if at else None


def language_of(seller: Seller, subscriber: Subscriber) -> Literal["en", "ro"]:
    """The paper's: the subscriber's where papers are printed in it, else the seller's."""
    asked = (subscriber.language or "")[:2].lower()
    chosen = asked if asked in ("en", "ro") else seller.language
    return "ro" if chosen == "ro" else "en"
