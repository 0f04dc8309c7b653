"""Looks ahead for people who join organisations: what they pay for themselves is asked for all of a batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing.operations.unit import UnitOfWork
from billing.operations.yield_own_plans import own_plans
from billing.rules.commands.base import Command
from billing.rules.commands.memberships import MembershipChanged
from billing.rules.facts.base import Fact


def expect_members(unit: UnitOfWork, told: Sequence[tuple[datetime, Fact | Command]]) -> None:
    """Of memberships that are there from now on; the users' subscribers are locked already."""
    own_plans(unit, {one.user_ref for _, one in told if isinstance(one, MembershipChanged) and one.change != "removed"})
