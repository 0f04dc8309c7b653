"""`billing.vat_numbers.*`: what VIES says of VAT numbers (TAX-1)."""

from __future__ import annotations

from billing.operations.check_vat_number import check_vat_number
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.tax import CheckVatNumber, VatNumberAsked
from billing.rules.facts.event import Event
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def check(unit: UnitOfWork, command: CheckVatNumber) -> VatNumberAsked:
    """Have one asked for now."""
    return check_vat_number(unit, command)
