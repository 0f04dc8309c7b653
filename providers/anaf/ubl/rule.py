"""What a rule about e-invoices is: one entry of a table, which names the places where a document breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

_UBL = "urn:oasis:names:specification:ubl:schema:xsd"
SPACES = {"cac": f"{_UBL}:CommonAggregateComponents-2", "cbc": f"{_UBL}:CommonBasicComponents-2"}

SELLER = "cac:AccountingSupplierParty/cac:Party"
BUYER = "cac:AccountingCustomerParty/cac:Party"
AGENT = "cac:TaxRepresentativeParty"
DELIVERY = "cac:Delivery/cac:DeliveryLocation/cac:Address"

AT_SELLER = "Mend the seller with `sellers.define`; then credit this document and issue it anew, for an issued one never changes."
AT_BUYER = "Ask the buyer, mend his data with `subscribers.bill_to`; then credit this document and issue it anew."
AT_US = "This is a fault in how the document was written, not in its data: report it with the document's number. It stays unsent."


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule at one place. `rule` is the id of the official assertion, `place` a path in the document."""

    rule: str
    place: str
    says: str
    then: str
    """The next step of whoever sees this."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`broken` yields the paths where the document breaks the rule; none if it keeps it."""

    id: str
    says: str
    then: str
    broken: Callable[[Element], Iterator[str]]


def text_at(parent: Element, path: str) -> str:
    """The value at that path, blanks as XPath's normalize-space leaves them; empty where there is none."""
    return " ".join((parent.findtext(path, "", SPACES) or "").split())


def texts_at(parent: Element, path: str) -> list[str]:
    """The values at all places of that path."""
    return [" ".join((found.text or "").split()) for found in parent.findall(path, SPACES)]
