"""`billing.invoices.*`: what customers and operators do with invoices of our own, and where providers show theirs."""

from __future__ import annotations

from billing.operations.cancel_invoice import cancel_by_customer as cancel_it
from billing.operations.cancel_invoice import create_custom as create_it
from billing.operations.cancel_invoice import void_invoices
from billing.operations.link_invoice import ask_invoice_link
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Command
from billing.rules.commands.invoices import (
    CancelInvoice,
    CreateInvoice,
    InvoiceStands,
    InvoicesVoided,
    LinkAsked,
    LinkInvoice,
    VoidInvoices,
)
from billing.rules.facts.event import Event
from core.ids import public_id
from models.invoice import Invoice
from providers.app.read_command import read_command
from providers.stripe.paths import path


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


def pdf_link(unit: UnitOfWork, command: LinkInvoice) -> LinkAsked:
    """The app wants to show the PDF of an invoice that a provider bills."""
    row = ask_invoice_link(unit, command, path("invoice", command.invoice_ref))
    return LinkAsked(request=public_id(row.PUBLIC_PREFIX, row.id), source=command.source, invoice_ref=command.invoice_ref)


def _stands(row: Invoice) -> InvoiceStands:
    return InvoiceStands(
        invoice=public_id(row.PUBLIC_PREFIX, row.id), reference=row.external_id, status=row.status or "pending",
        total_minor=row.total_minor or 0, currency=row.currency or "",
    )  # fmt: skip
