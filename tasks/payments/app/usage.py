"""`billing.usage.*`: what was used."""

from __future__ import annotations

from billing.operations.record_usage import record_usage
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.usage import RecordUsage, UsageRecorded
from billing.rules.facts.event import Event
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def record(unit: UnitOfWork, command: RecordUsage) -> UsageRecorded:
    """Measurements."""
    return record_usage(unit, command)
