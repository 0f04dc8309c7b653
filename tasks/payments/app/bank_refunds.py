"""`billing.bank_refunds.*`: refunds of bank transfers, which our own people send."""

from __future__ import annotations

from billing.operations.refund_asked import refund_asked
from billing.operations.send_bank_refund import return_bank_refund, send_bank_refund
from billing.operations.unit import UnitOfWork
from billing.rules.commands.bank_refunds import ReturnBankRefund, SendBankRefund
from billing.rules.commands.base import Command
from billing.rules.commands.refunds import RefundAsked
from billing.rules.facts.event import Event
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def sent(unit: UnitOfWork, command: SendBankRefund) -> RefundAsked:
    """It has left our account."""
    return refund_asked(send_bank_refund(unit, command))


def returned(unit: UnitOfWork, command: ReturnBankRefund) -> RefundAsked:
    """It came back."""
    return refund_asked(return_bank_refund(unit, command))
