"""A link to the PDF of an invoice that a provider bills: asked for each time, told once the provider has answered (INV-11)."""

from __future__ import annotations

from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.invoices import LinkInvoice
from billing.rules.facts.invoice_link import InvoiceLinkFact
from models.invoice import Invoice
from models.invoice_link import InvoiceLink


def ask_invoice_link(unit: UnitOfWork, command: LinkInvoice, url: str) -> InvoiceLink:
    """Look the invoice up at its provider; what was told before is forgotten.

    Args:
        unit: the transaction.
        command: which invoice.
        url: where the provider's API shows it.

    Raises:
        Rejected: no such invoice is mirrored.
    """
    invoice = unit.row(Invoice, command.source, command.invoice_ref)
    if invoice.incomplete:
        message = f"{command.source} has told of no invoice {command.invoice_ref}"
        raise Rejected("unknown_invoice", message, {"current": command.invoice_ref})
    row, _ = own_row(unit, InvoiceLink, command.source, command.invoice_ref)
    row.url, row.page_url, row.told_at = None, None, None
    row.asked_at, row.actor = unit.now, unit.actor
    lane = f"{command.source}:{command.invoice_ref}"
    payload = {"kind": "invoice_link", "id": command.invoice_ref, "url": url, "lane": lane, "account": invoice.account_ref}
    unit.send(
        f"{command.source}.fetch", key=f"invoice_link:{command.invoice_ref}:{unit.now.isoformat()}",
        payload={name: value for name, value in payload.items() if value}, queue="payments", lane=lane,
    )  # fmt: skip
    return row


def keep_invoice_link(unit: UnitOfWork, fact: InvoiceLinkFact) -> None:
    """What the provider said, for whoever asked; where nobody did, or it was told already, nothing is kept."""
    row = unit.row(InvoiceLink, fact.source, fact.external_id)
    if row.asked_at is None or row.told_at is not None:
        return
    row.url, row.page_url, row.told_at = fact.url, fact.page_url, unit.now
    row.updated_at = max(row.updated_at, unit.now)
