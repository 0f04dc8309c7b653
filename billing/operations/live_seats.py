"""How many seats a subscription of an organisation is for, whenever its terms are set anew (SEAT-9)."""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from billing.rules.seats import wanted_quantity
from models.base import OWN_SOURCE
from models.organisation import Organisation

_FOLLOWS = """SELECT external_id FROM bursar.organisation
              WHERE source = 'bursar' AND external_id = %(ref)s AND status = 'active' AND quantity_mode = 'follow'"""


def live_seats(unit: UnitOfWork, subscriber_ref: str | None) -> int | None:
    """The seats that are taken now; None: he is no organisation, or one that buys seats beforehand. He is to be locked."""
    if not unit.committed(_FOLLOWS, {"ref": subscriber_ref}):
        return None
    row = unit.row(Organisation, OWN_SOURCE, subscriber_ref or "")
    follows = row.status == "active" and row.quantity_mode == "follow"
    return wanted_quantity(row.seats_taken or 0) if follows else None
