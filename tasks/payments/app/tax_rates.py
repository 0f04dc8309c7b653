"""`billing.tax_rates.*`: rates of VAT (TAX-1)."""

from __future__ import annotations

from billing.operations.tax_rates import define_tax_rate
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.tax import DefineTaxRate, TaxRateDefined
from billing.rules.facts.event import Event
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def define(unit: UnitOfWork, command: DefineTaxRate) -> TaxRateDefined:
    """Define one from a day on."""
    return define_tax_rate(unit, command)
