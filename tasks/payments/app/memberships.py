"""`billing.memberships.*`: who belongs to an organisation."""

from __future__ import annotations

from billing.operations.change_membership import change_membership
from billing.operations.expect_members import expect_members
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.memberships import MembershipChanged, MembershipStands
from billing.rules.facts.event import Event
from providers.app.read_command import read_command
from tasks.payments.membership_told import membership_stands

AHEAD = expect_members


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def changed(unit: UnitOfWork, command: MembershipChanged) -> MembershipStands:
    """Somebody joined, left, or has another role."""
    row, stale = change_membership(unit, command)
    return membership_stands(unit, row, command.user_ref, stale=stale)
