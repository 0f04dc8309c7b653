"""`billing.bank_transfer.*`: what customers tell the app about their transfers."""

from __future__ import annotations

from billing.operations.report_transfer import report_transfer
from billing.operations.unit import UnitOfWork
from billing.rules.commands.bank_transfer import ReportTransfer, TransferReported
from billing.rules.commands.base import Command
from billing.rules.facts.event import Event
from core.ids import public_id
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def report(unit: UnitOfWork, command: ReportTransfer) -> TransferReported:
    """A payment that is on its way."""
    row = report_transfer(unit, command)
    return TransferReported(payment=public_id(row.PUBLIC_PREFIX, row.id), status=row.status or "processing")
