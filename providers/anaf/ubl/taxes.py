"""The VAT of an e-Factura: categories of lines, the breakdown by category and rate, and the total in RON (BT-110, 111)."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from billing.rules.money import format_minor
from billing.rules.paper.document import Document, Tax, TaxPart
from providers.anaf.ubl import texts
from providers.anaf.ubl.nodes import branch, leaf, money

LEI = "RON"
_RATE_DECIMALS = 4


def percent(rate: int) -> str:
    """A rate as its shortest decimal: 210_000 is `21`, 255_000 is `25.5`."""
    return format_minor(rate, _RATE_DECIMALS).rstrip("0").rstrip(".")


def add_category(parent: Element, name: str, tax: Tax) -> Element:
    """A tax category. Outside the scope of VAT there is no rate, not even zero (BR-O-05)."""
    element = branch(parent, name)
    leaf(element, "ID", tax.category)
    leaf(element, "Percent", None if tax.category == "O" else percent(tax.rate))
    return element


def add_scheme(category: Element) -> None:
    """Closes a tax category; what explains it stands before this."""
    leaf(branch(category, "TaxScheme"), "ID", "VAT")


def add_tax_totals(parent: Element, document: Document) -> None:
    """The breakdown in the document's currency, and the whole tax in the tax office's."""
    total = branch(parent, "TaxTotal")
    money(total, "TaxAmount", document.tax_minor, document.currency)
    for part in _merged(document):
        element = branch(total, "TaxSubtotal")
        money(element, "TaxableAmount", part.taxable_minor, document.currency)
        money(element, "TaxAmount", part.tax_minor, document.currency)
        category = add_category(element, "TaxCategory", part.tax)
        if part.tax.category not in ("S", "Z"):  # BR-S-10 and BR-Z-10 forbid an explanation there
            leaf(category, "TaxExemptionReasonCode", part.tax.exemption_code)
            leaf(category, "TaxExemptionReason", texts.cut(part.tax.exemption_reason or "", texts.REASON))
        add_scheme(category)
    if office := office_total(document):
        money(branch(parent, "TaxTotal"), "TaxAmount", *office)


def office_total(document: Document) -> tuple[int, str] | None:
    """The whole tax in the tax office's currency, in minor units; None where the document is in that one.

    Who is not registered for VAT states none, so his documents need no rate of exchange; Romania wants the zero in lei all the same.
    """
    if document.foreign_tax:
        return document.foreign_tax.tax_minor, document.foreign_tax.currency
    if document.seller.address.country == "RO" and document.currency != LEI and not document.tax_minor:
        return 0, LEI
    return None


def _merged(document: Document) -> list[TaxPart]:
    """One part per category and rate (BR-E-08 and its like), with every reason that its parts had."""
    found: dict[tuple[str, int], list[TaxPart]] = {}
    for part in document.taxes:
        found.setdefault((part.tax.category, part.tax.rate), []).append(part)
    return [parts[0] if len(parts) == 1 else _one_of(parts) for parts in found.values()]


def _one_of(parts: list[TaxPart]) -> TaxPart:
    first = parts[0].tax
    codes = {part.tax.exemption_code for part in parts}
    reasons = dict.fromkeys(part.tax.exemption_reason for part in parts if part.tax.exemption_reason)
    tax = Tax(
        category=first.category,
        rate=first.rate,
        exemption_code=first.exemption_code if len(codes) == 1 else None,
        exemption_reason="; ".join(reasons) or None,
    )
    return TaxPart(
        tax=tax, taxable_minor=sum(p.taxable_minor for p in parts), tax_minor=sum(p.tax_minor for p in parts)
    )
