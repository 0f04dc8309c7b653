"""The lines of an e-Factura. Prices are never negative (BR-27): what lowers the total has a negative quantity.

The price is the line's own net amount for as many pieces as the line has (`BaseQuantity`), so that quantity times price is
the line's amount to the last unit; a price per piece would have to be rounded, and then the two differ (BR-RO's decimals).
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from billing.rules.paper.document import Document, PaperLine
from providers.anaf.ubl import texts
from providers.anaf.ubl.nodes import branch, day, leaf, money
from providers.anaf.ubl.taxes import add_category, add_scheme

_PIECE = "C62"
"""UN/ECE recommendation 20: one."""
_OBJECT = "130"
"""UNTDID 1001: an invoiced object's number (BT-128)."""


def add_lines(parent: Element, document: Document) -> None:
    """All lines, numbered from 1."""
    for place, line in enumerate(document.lines, start=1):
        _add_line(parent, document, str(place), line)


def _add_line(parent: Element, document: Document, place: str, line: PaperLine) -> None:
    credit = document.kind == "credit_note"
    element = branch(parent, "CreditNoteLine" if credit else "InvoiceLine")
    pieces = max(1, abs(line.quantity))
    leaf(element, "ID", place)
    quantity = str(-pieces if line.net_minor < 0 else pieces)
    leaf(element, "CreditedQuantity" if credit else "InvoicedQuantity", quantity, unitCode=_PIECE)
    money(element, "LineExtensionAmount", line.net_minor, document.currency)
    if line.period_start_on or line.period_end_on:
        period = branch(element, "InvoicePeriod")
        day(period, "StartDate", line.period_start_on)
        day(period, "EndDate", line.period_end_on)
    if line.reference:
        reference = branch(element, "DocumentReference")
        leaf(reference, "ID", texts.cut(line.reference, texts.NAME))
        leaf(reference, "DocumentTypeCode", _OBJECT)
    _add_item(element, line)
    price = branch(element, "Price")
    money(price, "PriceAmount", abs(line.net_minor), document.currency)
    leaf(price, "BaseQuantity", str(pieces), unitCode=_PIECE)


def _add_item(element: Element, line: PaperLine) -> None:
    item = branch(element, "Item")
    name = texts.cut(line.description, texts.ITEM)
    if name != texts.clean(line.description):
        leaf(item, "Description", texts.cut(line.description, texts.ITEM_MORE))
    leaf(item, "Name", name)
    add_scheme(add_category(item, "ClassifiedTaxCategory", line.tax))
