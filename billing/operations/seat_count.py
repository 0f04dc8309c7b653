"""Takes seats and gives them back: the limit is compared and the counter changed under the organisation's lock (SEAT-4)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from billing.operations.announce_entitlements import announce_entitlements
from billing.operations.seat_plan import seat_plan
from billing.operations.tell_seat_limit import tell_seat_limit
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.seats import wanted_quantity
from emails.occasions import SeatLimit
from models.organisation import Organisation


def take_seat(unit: UnitOfWork, organisation: Organisation, *, kept: bool = False) -> None:
    """One more seat is taken by a member; `kept`: by one for whom an invitation kept it, which no longer does.

    Raises:
        Rejected: `seat_limit_reached`; nothing was changed.
    """
    if not kept:
        _refuse_over_limit(unit, organisation)
    organisation.seats_taken = (organisation.seats_taken or 0) + 1
    if kept:
        organisation.seats_reserved = (organisation.seats_reserved or 0) - 1
    _changed(unit, organisation)


def free_seat(unit: UnitOfWork, organisation: Organisation) -> None:
    """A member no longer has his."""
    organisation.seats_taken = (organisation.seats_taken or 0) - 1
    _changed(unit, organisation)


def reserve_seat(unit: UnitOfWork, organisation: Organisation) -> None:
    """Keep one for an invitation.

    Raises:
        Rejected: `seat_limit_reached`; nothing was changed.
    """
    _refuse_over_limit(unit, organisation)
    organisation.seats_reserved = (organisation.seats_reserved or 0) + 1
    organisation.updated_at = max(organisation.updated_at, unit.now)


def release_seat(unit: UnitOfWork, organisation: Organisation) -> None:
    """An invitation no longer needs its seat."""
    organisation.seats_reserved = (organisation.seats_reserved or 0) - 1
    organisation.updated_at = max(organisation.updated_at, unit.now)


def plan_sync(unit: UnitOfWork, organisation: Organisation) -> None:
    """Have the quantity set once the window is over, whatever changes until then; not at all, if it is what it was (SEAT-9)."""
    if organisation.quantity_mode != "follow" or organisation.status != "active":
        return
    if wanted_quantity(organisation.seats_taken or 0) == organisation.asked_quantity:
        organisation.sync_due_at = None
    elif organisation.sync_due_at is None:
        organisation.sync_due_at = unit.now + timedelta(seconds=organisation.window_s or 0)


def _refuse_over_limit(unit: UnitOfWork, organisation: Organisation) -> None:
    current = (organisation.seats_taken or 0) + (organisation.seats_reserved or 0)
    limit = seat_plan(unit, organisation.external_id).limit_of(organisation)
    if limit is not None and current >= limit:
        message = f"{organisation.external_id} has {current} of {limit} seats taken"
        told = SeatLimit(taken=current, limit=limit, kept=organisation.seats_reserved or 0)
        then = partial(tell_seat_limit, organisation_ref=organisation.external_id, told=told)
        raise Rejected("seat_limit_reached", message, {"current": current, "limit": limit}, then=then)
    organisation.seat_limit = limit


def _changed(unit: UnitOfWork, organisation: Organisation) -> None:
    organisation.updated_at = max(organisation.updated_at, unit.now)
    plan_sync(unit, organisation)
    announce_entitlements(unit, organisation.external_id)
