"""Invitations: they keep a seat or not, end in time, and become a membership once (SEAT-5)."""

from __future__ import annotations

from datetime import timedelta

from billing.operations.change_membership import say
from billing.operations.move_status import move_status
from billing.operations.organisation_of import INVITATION_DAYS, active_organisation
from billing.operations.own_row import own_row
from billing.operations.seat_count import release_seat, reserve_seat
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.invitations import AcceptInvitation, CancelInvitation, CreateInvitation
from billing.rules.seats import Said, needs_seat
from billing.rules.states_seats import INVITATION
from models.base import OWN_SOURCE
from models.invitation import Invitation
from models.membership import Membership
from models.organisation import Organisation


def create_invitation(unit: UnitOfWork, command: CreateInvitation) -> Invitation:
    """The invitation; the same reference again is the same one.

    Raises:
        Rejected: `unknown_organisation`, `organisation_deleted`, `seat_limit_reached`.
    """
    organisation = active_organisation(unit, command.organisation_ref)
    key = f"{command.organisation_ref} {command.reference}"
    row = unit.row(Invitation, OWN_SOURCE, key)
    if not row.incomplete:
        return row
    reserves = bool(organisation.invitations_reserve) and needs_seat(command.role)
    if reserves:
        reserve_seat(unit, organisation)
    own_row(unit, Invitation, OWN_SOURCE, key)
    row.organisation_ref, row.reference, row.role, row.courses = (
        command.organisation_ref, command.reference, command.role, list(command.courses)
    )  # fmt: skip
    row.reserves, row.status = reserves, "pending"
    row.expires_at = unit.now + timedelta(days=command.expires_in_days or organisation.invitation_days or INVITATION_DAYS)
    move_status(unit, row, INVITATION, None, "pending", {"role": row.role, "reserves": reserves, "reason": command.reason})
    return row


def accept_invitation(unit: UnitOfWork, command: AcceptInvitation) -> tuple[Membership, bool]:
    """The membership that it became, and whether something newer was known of it.

    Raises:
        Rejected: `unknown_invitation`, `invitation_not_pending`, `organisation_deleted`, `seat_limit_reached`.
    """
    row = _of(unit, command.organisation_ref, command.reference)
    member = unit.row(Membership, OWN_SOURCE, f"{command.organisation_ref} {command.user_ref}")
    if row.status == "accepted" and row.user_ref == command.user_ref:
        return member, True
    if row.status == "pending" and row.expires_at is not None and command.at >= row.expires_at:
        details = {"current": "expired", "limit": row.expires_at.isoformat()}
        raise Rejected("invitation_not_pending", f"{command.reference} was good until {row.expires_at:%Y-%m-%d %H:%M} UTC", details)
    if row.status != "pending":
        raise Rejected("invitation_not_pending", f"{command.reference} is {row.status}", {"current": row.status})
    organisation = active_organisation(unit, command.organisation_ref)
    said = Said.of(command.at, "added", row.role, row.courses or ())
    kept, had = bool(row.reserves), bool(member.seat)
    newest = say(unit, organisation, member, command.user_ref, said, active=True, kept=kept)
    if kept and (had or not newest):
        release_seat(unit, organisation)  # he needed none: he has one, or has left again since
    row.reserves, row.user_ref = False, command.user_ref
    _close(unit, row, "accepted", user=command.user_ref)
    return member, not newest


def cancel_invitation(unit: UnitOfWork, command: CancelInvitation) -> Invitation:
    """The invitation, cancelled, or as it ended before.

    Raises:
        Rejected: `unknown_invitation`, `already_accepted`.
    """
    row = _of(unit, command.organisation_ref, command.reference)
    if row.status == "accepted":
        raise Rejected("already_accepted", f"{command.reference} was accepted by {row.user_ref}", {"current": row.status})
    end_invitation(unit, row, "cancelled", command.reason)
    return row


def expire_invitation(unit: UnitOfWork, row: Invitation) -> None:
    """End a locked one whose time is over."""
    if row.expires_at is not None and row.expires_at <= unit.now:
        end_invitation(unit, row, "expired", None)


def end_invitation(unit: UnitOfWork, row: Invitation, status: str, reason: str | None) -> None:
    """End a locked pending one; its seat is free again."""
    if row.status != "pending":
        return
    if row.reserves:
        release_seat(unit, unit.row(Organisation, OWN_SOURCE, row.organisation_ref or ""))
    row.reserves, row.reason = False, reason
    _close(unit, row, status, reason=reason)


def _of(unit: UnitOfWork, organisation_ref: str, reference: str) -> Invitation:
    row = unit.row(Invitation, OWN_SOURCE, f"{organisation_ref} {reference}")
    if row.incomplete:
        message = f"{organisation_ref} has no invitation {reference}"
        raise Rejected("unknown_invitation", message, {"field": "reference"})
    return row


def _close(unit: UnitOfWork, row: Invitation, status: str, **about: object) -> None:
    before, row.status, row.closed_at = row.status, status, unit.now
    row.updated_at = max(row.updated_at, unit.now)
    move_status(unit, row, INVITATION, before, status, about)
