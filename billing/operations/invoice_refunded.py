"""What a refund means for an invoice of ours that the payment paid: it says what went back, and a credit note says it (REFUND-5, INV-9)."""

from __future__ import annotations

from billing.operations.credit_document import credit_later
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.payment import Payment


def invoice_refunded(unit: UnitOfWork, invoice_ref: str, payment: Payment) -> None:
    """Bring it up to date with a converged payment; called whenever what went back of it may have changed. It stays paid."""
    back = payment.refunded_minor
    if back is None:
        return  # nothing was ever given back
    row = unit.row(Invoice, OWN_SOURCE, invoice_ref)
    if row.incomplete or row.currency != payment.currency or row.status != "paid":
        return
    shares = {**(row.refund_shares or {}), payment.external_id: back}
    if shares == (row.refund_shares or {}):
        return
    row.refund_shares = shares
    row.refunded_minor = min(sum(shares.values()), row.amount_paid_minor or 0)  # what came beyond the invoice is the subscriber's credit
    credit_later(unit, row)
