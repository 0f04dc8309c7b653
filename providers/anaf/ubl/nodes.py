"""Elements of UBL, written with the standard library: the same document gives the same bytes, in every process.

Names carry their usual prefix (`cbc:ID`), which the root declares; values are texts, so that the library escapes them.
"""

from __future__ import annotations

from datetime import date
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from billing.rules.money import exponent, format_minor

_UBL = "urn:oasis:names:specification:ubl:schema:xsd"


def root(name: str) -> Element:
    """The document's own element, `Invoice` or `CreditNote`."""
    spaces = {
        "xmlns": f"{_UBL}:{name}-2",
        "xmlns:cac": f"{_UBL}:CommonAggregateComponents-2",
        "xmlns:cbc": f"{_UBL}:CommonBasicComponents-2",
    }
    return Element(name, spaces)


def branch(parent: Element, name: str) -> Element:
    """An element that holds others: `branch(party, "PostalAddress")`."""
    return SubElement(parent, f"cac:{name}")


def leaf(parent: Element, name: str, text: str | None, **attributes: str) -> None:
    """An element that holds a value; none where the value is missing or empty, which UBL forbids."""
    if text:
        SubElement(parent, f"cbc:{name}", attributes).text = text


def money(parent: Element, name: str, amount_minor: int, currency: str) -> None:
    """An amount with its currency, in the decimals that ISO 4217 gives it."""
    leaf(parent, name, format_minor(amount_minor, exponent(currency)), currencyID=currency)


def day(parent: Element, name: str, on: date | None) -> None:
    """A date as YYYY-MM-DD (BR-RO-DT001 to 006); none where there is none."""
    leaf(parent, name, on.isoformat() if on else None)


def written(element: Element) -> bytes:
    """The document as UTF-8 with its declaration, indented for those who read it."""
    indent(element, space="  ")
    body: bytes = tostring(element, encoding="utf-8", xml_declaration=False)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"
