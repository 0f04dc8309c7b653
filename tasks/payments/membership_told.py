"""What the app is told of a membership, whichever command was about it."""

from __future__ import annotations

from billing.operations.seat_plan import seat_plan
from billing.operations.unit import UnitOfWork
from billing.rules.commands.memberships import MembershipStands
from models.base import OWN_SOURCE
from models.membership import Membership
from models.organisation import Organisation


def membership_stands(unit: UnitOfWork, row: Membership, user_ref: str, *, stale: bool) -> MembershipStands:
    """What the app is told."""
    organisation = unit.row(Organisation, OWN_SOURCE, row.organisation_ref or "")
    return MembershipStands(
        organisation=organisation.external_id, user=user_ref, status=row.status or "left", role=row.role, seat=bool(row.seat), stale=stale,
        seats_taken=organisation.seats_taken or 0, seats_reserved=organisation.seats_reserved or 0,
        seat_limit=seat_plan(unit, organisation.external_id).limit_of(organisation), ending=list(row.own_plans or ()),
    )  # fmt: skip
