"""The organisation of a subscriber, made with the defaults when it is first needed (SEAT-1)."""

from __future__ import annotations

from billing.operations.move_status import move_status
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.states_seats import ORGANISATION
from models.base import OWN_SOURCE
from models.organisation import Organisation
from models.subscriber import Subscriber

WINDOW_S, INVITATION_DAYS = 60, 7


def organisation_of(unit: UnitOfWork, organisation_ref: str) -> Organisation:
    """The organisation, locked; its subscriber is locked before it.

    Raises:
        Rejected: `unknown_organisation`.
    """
    subscriber = unit.row(Subscriber, OWN_SOURCE, organisation_ref)
    if subscriber.incomplete:
        raise Rejected("unknown_organisation", f"no subscriber {organisation_ref} is defined", {"field": "organisation_ref"})
    row, new = own_row(unit, Organisation, OWN_SOURCE, organisation_ref)
    if new:
        row.quantity_mode, row.invitations_reserve, row.invitation_days, row.window_s = "follow", False, INVITATION_DAYS, WINDOW_S
        row.members = row.seats_taken = row.seats_reserved = row.asks = 0
        row.status = "active"
        move_status(unit, row, ORGANISATION, None, "active", {})
    return row


def active_organisation(unit: UnitOfWork, organisation_ref: str) -> Organisation:
    """As `organisation_of`, and not deleted.

    Raises:
        Rejected: `unknown_organisation`, `organisation_deleted`.
    """
    row = organisation_of(unit, organisation_ref)
    if row.status == "deleted":
        raise Rejected("organisation_deleted", f"{organisation_ref} was deleted", {"current": row.status})
    return row
