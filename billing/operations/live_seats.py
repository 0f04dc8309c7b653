"""How many seats a subscription of an organisation is for, whenever its terms are set anew (SEAT-9)."""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.seats import wanted_quantity
from models.base import OWN_SOURCE
from models.organisation import Organisation


def live_seats(unit: UnitOfWork, subscriber_ref: str | None) -> int | None:
    """The seats that are taken now; None: he is no organisation, or one that buys seats beforehand. He is to be locked."""
    row = _organisation(unit, subscriber_ref, "follow")
    return wanted_quantity(row.seats_taken or 0) if row is not None else None


def refuse_fewer_seats(unit: UnitOfWork, subscriber_ref: str | None, quantity: int) -> None:
    """Where seats are bought beforehand, there cannot be fewer than members have and invitations keep (SEAT-4).

    Raises:
        Rejected: `seats_taken`; nothing was changed.
    """
    row = _organisation(unit, subscriber_ref, "bought")
    current = (row.seats_taken or 0) + (row.seats_reserved or 0) if row is not None else 0
    if quantity < current:
        message = f"{subscriber_ref} has {current} seats taken or kept, more than {quantity}"
        raise Rejected("seats_taken", message, {"current": current, "limit": quantity})


def _organisation(unit: UnitOfWork, subscriber_ref: str | None, mode: str) -> Organisation | None:
    """His organisation, locked, if he has one that counts seats so."""
    row = unit.find(Organisation, OWN_SOURCE, [subscriber_ref]).get(subscriber_ref) if subscriber_ref else None
    return row if row is not None and row.status == "active" and row.quantity_mode == mode else None
