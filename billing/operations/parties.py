"""Seller and buyers as they stand on papers, and as tax looks at them (INV-9, INV-10)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from billing.operations.unit import UnitOfWork
from billing.rules.paper.document import Address, Party
from billing.rules.tax import treatment
from billing.rules.tax.proof import proven
from models.base import OWN_SOURCE
from models.bill_to import BillTo
from models.plain import new_row
from models.seller import Seller
from models.subscriber import Subscriber

_SELLER = "SELECT * FROM bursar.seller WHERE source = 'bursar' AND versions <> '{}'"
_KEPT = "seller"


def seller_of(unit: UnitOfWork) -> Seller | None:
    """Who issues the papers; None: nobody said, so there are none. Read without a lock, once per unit."""
    if _KEPT not in unit.kept:
        found = unit.committed(_SELLER, {})
        unit.kept[_KEPT] = new_row(Seller, **found[0]) if found else None
    seller: Seller | None = unit.kept[_KEPT]
    return seller


def keep_seller(unit: UnitOfWork, row: Seller) -> None:
    """From here on this unit's papers are issued by `row`."""
    unit.kept[_KEPT] = row


def bill_tos(unit: UnitOfWork, subscriber_refs: Iterable[str]) -> dict[str, BillTo]:
    """To whom these subscribers' papers are made out, where they said; their subscribers are to be locked."""
    return unit.find(BillTo, OWN_SOURCE, subscriber_refs)


def know_buyers(unit: UnitOfWork, subscriber_refs: Iterable[str]) -> None:
    """Read at once what the invoices of a page will ask for one by one."""
    if seller_of(unit) is not None:
        bill_tos(unit, subscriber_refs)


def seller_party(row: Seller) -> Party:
    """The seller, as printed."""
    return Party(
        name=row.name or "", address=_address(row, row.country or ""), business=True, vat_id=row.vat_id, tax_number=row.tax_number,
        registration_no=row.registration_no, email=row.email, phone=row.phone, iban=row.iban, bank=row.bank, legal_note=row.legal_note,
    )  # fmt: skip


def buyer_party(seller: Seller, subscriber: Subscriber, row: BillTo | None) -> Party:
    """The buyer, as printed: as he said, or what is known of the subscriber, as a consumer."""
    if row is None:
        name = subscriber.name or subscriber.email or subscriber.external_id
        address = Address(street="", city="", country=subscriber.country or seller.country or "")
        return Party(name=name, address=address, business=False, email=subscriber.email)
    return Party(
        name=row.name or subscriber.external_id, address=_address(row, row.country or seller.country or ""),
        business=row.kind == "business", vat_id=row.vat_id, tax_number=row.tax_number, registration_no=row.registration_no,
        email=row.email or subscriber.email, phone=row.phone, vies_consultation=row.vies_consultation if row.vat_id_valid else None,
    )  # fmt: skip


def taxed_seller(row: Seller) -> treatment.Seller:
    """The seller, as tax looks at him."""
    return treatment.Seller(
        country=row.country or "", vat_registered=bool(row.vat_registered), oss=row.oss is not False, postal_code=row.postal_code
    )


def taxed_buyer(seller: Seller, subscriber: Subscriber, row: BillTo | None, at: datetime) -> treatment.Buyer:
    """The buyer, as tax looks at him. A number that nobody has proven is no proof, and neither is one that is too old."""
    if row is None:
        return treatment.Buyer(country=subscriber.country or seller.country or "", business=False)
    return treatment.Buyer(
        country=row.country or seller.country or "", business=row.kind == "business",
        vat_id_valid=proven(row.vat_id_valid, row.vat_checked_at, at), postal_code=row.postal_code, vat_id=row.vat_id,
    )  # fmt: skip


def _address(row: Seller | BillTo, country: str) -> Address:
    return Address(
        street=row.street or "", city=row.city or "", country=country, county=row.county, postal_code=row.postal_code
    )
