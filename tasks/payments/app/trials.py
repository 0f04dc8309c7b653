"""`billing.trials.*`: trials begin when a plan is chosen."""

from __future__ import annotations

from billing.operations.expect_starts import expect_starts
from billing.operations.start_trial import start_trial
from billing.operations.unit import UnitOfWork
from billing.operations.usable_method import usable_methods
from billing.rules.commands.base import Command
from billing.rules.commands.trials import StartTrial, TrialStands
from billing.rules.facts.event import Event
from billing.rules.instants import iso
from core.ids import public_id
from models.base import OWN_SOURCE
from models.subscriber import Subscriber
from providers.app.read_command import read_command

AHEAD = expect_starts


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def start(unit: UnitOfWork, command: StartTrial) -> TrialStands:
    """Begin one."""
    row = start_trial(unit, command)
    return TrialStands(
        subscription=public_id(row.PUBLIC_PREFIX, row.id),
        reference=row.external_id,
        status=row.status or "trialing",
        product=row.product_ref or "",
        trial_started_at=iso(row.trial_start_at),
        trial_ends_at=iso(row.trial_end_at),
        method_stored=bool(usable_methods(unit, [unit.row(Subscriber, OWN_SOURCE, command.subscriber_ref)])),
    )
