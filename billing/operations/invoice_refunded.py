"""What a refund means for an invoice of ours that the payment paid: it says what went back, and a credit note says it (REFUND-5, INV-9)."""

from __future__ import annotations

from billing.operations.credit_document import credit_later
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.payment import Payment


def invoice_refunded(unit: UnitOfWork, invoice_ref: str, payment: Payment, *, borne_minor: int) -> None:
    """Bring it up to date with a converged payment of which something went back; called whenever that may have changed. It stays paid.

    `borne_minor`: what of it was taken off the subscriber's credit instead, because the invoice had not needed it.
    """
    back = (payment.refunded_minor or 0) - borne_minor
    row = unit.row(Invoice, OWN_SOURCE, invoice_ref)
    if row.incomplete or row.currency != payment.currency or row.status != "paid":
        return
    shares = {**(row.refund_shares or {}), payment.external_id: back}
    if shares == (row.refund_shares or {}):
        return
    row.refund_shares = shares
    row.refunded_minor = min(sum(shares.values()), row.amount_paid_minor or 0)  # what came beyond the invoice is the subscriber's credit
    credit_later(unit, row)
