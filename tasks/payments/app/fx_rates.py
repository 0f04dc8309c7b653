"""`billing.fx_rates.*`: rates of exchange (TAX-5)."""

from __future__ import annotations

from billing.operations.record_fx_rate import record_fx_rate
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.tax import FxRateRecorded, RecordFxRate
from billing.rules.facts.event import Event
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def record(unit: UnitOfWork, command: RecordFxRate) -> FxRateRecorded:
    """Record one."""
    return record_fx_rate(unit, command)
