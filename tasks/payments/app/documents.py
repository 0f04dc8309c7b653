"""`billing.documents.*`: what finance people do with legal papers."""

from __future__ import annotations

from billing.operations.credit_by_hand import credit_by_hand
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.documents import CreditDocument, Credited
from billing.rules.facts.event import Event
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def credit(unit: UnitOfWork, command: CreditDocument) -> Credited:
    """Take back an invoice, or a part of it, by a credit note."""
    return credit_by_hand(unit, command)
