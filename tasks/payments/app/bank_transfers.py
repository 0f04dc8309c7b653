"""`billing.bank_transfers.*`: transfers that customers hand in, and what our own people decide about them."""

from __future__ import annotations

from billing.operations.decide_bank_transfer import approve_bank_transfer, reject_bank_transfer
from billing.operations.submit_bank_transfer import submit_bank_transfer
from billing.operations.unit import UnitOfWork
from billing.rules.commands.bank_transfers import (
    ApproveBankTransfer,
    RejectBankTransfer,
    SubmitBankTransfer,
    TransferStands,
)
from billing.rules.commands.base import Command
from billing.rules.facts.event import Event
from core.ids import public_id
from models.bank_transfer import BankTransfer
from models.payment import Payment
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def submit(unit: UnitOfWork, command: SubmitBankTransfer) -> TransferStands:
    """A transfer that somebody has to look for."""
    return _told(unit, submit_bank_transfer(unit, command))


def approve(unit: UnitOfWork, command: ApproveBankTransfer) -> TransferStands:
    """The money is there."""
    return _told(unit, approve_bank_transfer(unit, command))


def reject(unit: UnitOfWork, command: RejectBankTransfer) -> TransferStands:
    """It is not."""
    return _told(unit, reject_bank_transfer(unit, command))


def _told(unit: UnitOfWork, row: BankTransfer) -> TransferStands:
    payment = unit.row(Payment, row.source, row.external_id)
    return TransferStands(
        transfer=public_id(row.PUBLIC_PREFIX, row.id), payment=public_id(payment.PUBLIC_PREFIX, payment.id),
        status=row.status or "submitted",
    )  # fmt: skip
