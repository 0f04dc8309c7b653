"""Takes in what the app says of a membership: the newest fact counts, seats follow from it (SEAT-1, SEAT-4, SEAT-8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from billing.operations.announce_entitlements import announce_entitlements
from billing.operations.derive_account_status import derive_later
from billing.operations.move_status import move_status
from billing.operations.organisation_of import active_organisation
from billing.operations.own_row import own_row
from billing.operations.seat_count import free_seat, take_seat
from billing.operations.unit import UnitOfWork
from billing.operations.yield_own_plans import restore_own_plans, yield_own_plans
from billing.rules.commands.memberships import MembershipChanged
from billing.rules.seats import Said, needs_seat
from billing.rules.states_seats import MEMBERSHIP
from models.base import OWN_SOURCE
from models.membership import Membership
from models.organisation import Organisation
from models.subscriber import Subscriber


def change_membership(unit: UnitOfWork, command: MembershipChanged) -> tuple[Membership, bool]:
    """The membership, and whether the fact was older than what was known, so that nothing changed.

    Raises:
        Rejected: `unknown_organisation`, `organisation_deleted`, `seat_limit_reached`; nothing was changed.
    """
    organisation = active_organisation(unit, command.organisation_ref)
    said = Said.of(command.at, command.change, command.role, command.courses)
    row = unit.row(Membership, OWN_SOURCE, f"{command.organisation_ref} {command.user_ref}")
    stale = not say(unit, organisation, row, command.user_ref, said, active=command.change != "removed")
    return row, stale


def say(
    unit: UnitOfWork, organisation: Organisation, row: Membership, user_ref: str, said: Said, *, active: bool, kept: bool = False
) -> bool:
    """Put what was said in force, if it is the newest; whether it is. `kept`: an invitation kept a seat for it.

    Raises:
        Rejected: `seat_limit_reached`; nothing was changed.
    """
    if row.fact_at is not None and said <= Said(row.fact_at, row.fact_rank or 0, row.role or "", tuple(row.courses or ())):
        return False
    seat, had = needs_seat(said.role, active=active), bool(row.seat)
    if seat and not had:
        take_seat(unit, organisation, kept=kept)  # refuses before anything is written
    elif had and not seat:
        free_seat(unit, organisation)
    own_row(unit, Membership, OWN_SOURCE, row.external_id)
    row.organisation_ref, row.user_ref = organisation.external_id, user_ref
    before = {"status": row.status, "role": row.role, "seat": had}
    row.fact_at, row.fact_rank, row.role, row.courses, row.seat = said.at, said.rank, said.role or None, list(said.courses), seat
    _move(unit, organisation, row, "active" if active else "left", before)
    if active:
        _known(unit, user_ref)
    if seat and not had:
        yield_own_plans(unit, row)
    elif had and not seat:
        restore_own_plans(unit, row)
    announce_entitlements(unit, user_ref)
    return True


def leave_all(unit: UnitOfWork, organisation: Organisation, rows: Sequence[Membership]) -> int:
    """End memberships because the organisation ends; how many did. The users' subscribers are locked where own plans come back."""
    left = 0
    for row in rows:
        if row.status == "active":
            said = Said(max(unit.now, row.fact_at or unit.now), 2, "", ())
            left += say(unit, organisation, row, row.user_ref or "", said, active=False)
    return left


def _move(unit: UnitOfWork, organisation: Organisation, row: Membership, status: str, before: Mapping[str, object]) -> None:
    about = {"organisation": row.organisation_ref, "user": row.user_ref, "role": row.role, "seat": row.seat, "courses": row.courses}
    was, row.status = row.status, status
    if was == status:
        unit.audit("membership.changed", Membership.NAME, row.id, before=before, after=about)
        return
    if status == "active":
        organisation.members = (organisation.members or 0) + 1
        row.joined_at, row.left_at = row.fact_at, None
    else:
        organisation.members = (organisation.members or 0) - (was == "active")
        row.left_at = row.fact_at
    organisation.updated_at = max(organisation.updated_at, unit.now)
    move_status(unit, row, MEMBERSHIP, was, status, about)


def _known(unit: UnitOfWork, user_ref: str) -> None:
    """A member has entitlements, and so is a subscriber, if only of what others pay for (SEAT-6)."""
    row = unit.row(Subscriber, OWN_SOURCE, user_ref)
    if row.incomplete:
        own_row(unit, Subscriber, OWN_SOURCE, user_ref)
        row.zone = "UTC"
        derive_later(unit, user_ref)
