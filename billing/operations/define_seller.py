"""Says who issues the papers of what we bill (INV-10). Issued ones keep the seller that they were issued by."""

from __future__ import annotations

from billing.operations.own_row import own_row
from billing.operations.parties import keep_seller
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.sellers import DefineSeller
from models.base import OWN_SOURCE
from models.seller import Seller

_SAID = (
    "name", "street", "city", "county", "postal_code", "country", "vat_id", "vat_registered", "oss", "tax_number", "registration_no",
    "email", "phone", "iban", "bank", "legal_note", "currency", "language", "zone", "prices", "invoice_series", "credit_note_series",
    "keep_years",
)  # fmt: skip
_OTHER_KIND = """SELECT series FROM bursar.document WHERE (series = %(invoices)s AND kind <> 'invoice')
                 OR (series = %(notes)s AND kind <> 'credit_note') LIMIT 1"""


def define_seller(unit: UnitOfWork, command: DefineSeller) -> Seller:
    """The seller as the command wants it; the same again changes nothing.

    Raises:
        Rejected: `series_used`: one series never holds papers of two kinds.
    """
    row = unit.row(Seller, OWN_SOURCE, Seller.REF)
    used = unit.committed(_OTHER_KIND, {"invoices": command.invoice_series, "notes": command.credit_note_series})
    if used:
        raise Rejected("series_used", f"{used[0]['series']} is the other kind's series", {"current": used[0]["series"]})
    row, new = own_row(unit, Seller, OWN_SOURCE, Seller.REF)
    before = {name: getattr(row, name) for name in _SAID}
    row.name = command.legal_name
    for name in _SAID[1:]:
        setattr(row, name, getattr(command, name))
    after = {name: getattr(row, name) for name in _SAID}
    if new or before != after:
        changed = [name for name in _SAID if before[name] != after[name]]
        unit.audit(
            "seller.defined", Seller.NAME, row.id, before=None if new else {name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )  # fmt: skip
    keep_seller(unit, row)
    return row
