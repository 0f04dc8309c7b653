"""`billing.debts.*`: what accounts owe the platform."""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from billing.operations.write_off_debt import write_off_debt
from billing.rules.commands.base import Command
from billing.rules.commands.debts import DebtWrittenOff, WriteOffDebt
from billing.rules.facts.event import Event
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def write_off(unit: UnitOfWork, command: WriteOffDebt) -> DebtWrittenOff:
    """It is given up."""
    return write_off_debt(unit, command)
