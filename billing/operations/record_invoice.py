"""Records what a provider said about an invoice and its lines."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.link import link
from billing.operations.move_status import move_status
from billing.operations.settle_mirrored import settle_mirrored
from billing.operations.unit import UnitOfWork
from billing.rules.facts.invoice import InvoiceFact
from billing.rules.states import INVOICE
from models.invoice import Invoice


def record_invoice(unit: UnitOfWork, fact: InvoiceFact) -> Invoice:
    """Merge the invoice, link customer and subscription, check and audit its change of status."""
    row = unit.row(Invoice, fact.source, fact.external_id)
    before = row.status
    apply_fact(unit, row, fact)
    link(unit, row, customer=row.customer_ref, subscription=row.subscription_ref, account=row.account_ref)
    about = {
        "total_minor": row.total_minor,
        "amount_paid_minor": row.amount_paid_minor,
        "currency": row.currency,
        "provider_status": row.provider_status,
    }
    move_status(unit, row, INVOICE, before, row.status, about)
    if before != row.status and row.status == "paid":
        settle_mirrored(unit, row)
    return row
