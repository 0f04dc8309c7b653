"""`billing.invitations.*`: who is to belong to an organisation."""

from __future__ import annotations

from billing.operations.invite import accept_invitation, cancel_invitation, create_invitation
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.invitations import AcceptInvitation, CancelInvitation, CreateInvitation, InvitationStands
from billing.rules.commands.memberships import MembershipStands
from billing.rules.facts.event import Event
from billing.rules.instants import iso
from core.ids import public_id
from models.base import OWN_SOURCE
from models.invitation import Invitation
from models.organisation import Organisation
from providers.app.read_command import read_command
from tasks.payments.membership_told import membership_stands


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def create(unit: UnitOfWork, command: CreateInvitation) -> InvitationStands:
    """Invite somebody."""
    return _stands(unit, create_invitation(unit, command))


def accept(unit: UnitOfWork, command: AcceptInvitation) -> MembershipStands:
    """He came."""
    row, stale = accept_invitation(unit, command)
    return membership_stands(unit, row, command.user_ref, stale=stale)


def cancel(unit: UnitOfWork, command: CancelInvitation) -> InvitationStands:
    """Take it back."""
    return _stands(unit, cancel_invitation(unit, command))


def _stands(unit: UnitOfWork, row: Invitation) -> InvitationStands:
    organisation = unit.row(Organisation, OWN_SOURCE, row.organisation_ref or "")
    return InvitationStands(
        invitation=public_id(row.PUBLIC_PREFIX, row.id), reference=row.reference or "", status=row.status or "pending",
        reserves=bool(row.reserves), expires_at=iso(row.expires_at), seats_taken=organisation.seats_taken or 0,
        seats_reserved=organisation.seats_reserved or 0,
    )  # fmt: skip
