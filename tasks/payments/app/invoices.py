"""`billing.invoices.*`: what customers and operators do with invoices of our own."""

from __future__ import annotations

from billing.operations.cancel_invoice import cancel_by_customer as cancel_it
from billing.operations.cancel_invoice import create_custom as create_it
from billing.operations.cancel_invoice import void_invoices
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.invoices import CancelInvoice, CreateInvoice, InvoiceStands, InvoicesVoided, VoidInvoices
from billing.rules.facts.event import Event
from core.ids import public_id
from models.invoice import Invoice
from providers.app.read_command import read_command


def facts(event: Event) -> Command:
    """The command."""
    return read_command(event)


def cancel_by_customer(unit: UnitOfWork, command: CancelInvoice) -> InvoiceStands:
    """A customer gives up what he has not paid."""
    return _stands(cancel_it(unit, command))


def bulk_void(unit: UnitOfWork, command: VoidInvoices) -> InvoicesVoided:
    """An operator voids many."""
    voided, kept = void_invoices(unit, command)
    return InvoicesVoided(voided=voided, kept=tuple(kept))


def create_custom(unit: UnitOfWork, command: CreateInvoice) -> InvoiceStands:
    """An operator writes one."""
    return _stands(create_it(unit, command))


def _stands(row: Invoice) -> InvoiceStands:
    return InvoiceStands(
        invoice=public_id(row.PUBLIC_PREFIX, row.id), reference=row.external_id, status=row.status or "pending",
        total_minor=row.total_minor or 0, currency=row.currency or "",
    )  # fmt: skip
