"""What a refund means beside the payment itself: its invoice says it, too, in the same transaction (REFUND-5)."""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from models.invoice import Invoice
from models.payment import Payment


def tell_refunded(unit: UnitOfWork, payment: Payment) -> None:
    """Bring them up to date with a converged payment; called whenever what went back of it may have changed.

    The payment stays `succeeded` and the invoice `paid`. What was bought says it, too, and only
    a whole refund revokes it (`fulfil_payment`, which comes after this).
    """
    back, whole = payment.refunded_minor, payment.received_minor or 0
    if back is None:
        return  # nothing was ever given back
    status = None if back == 0 else "refunded" if whole and back >= whole else "partially_refunded"
    if payment.refund_status != status:
        unit.audit(
            "payment.refund_status",
            Payment.NAME,
            payment.id,
            before={"refund_status": payment.refund_status},
            after={"refund_status": status, "refunded_minor": back, "currency": payment.currency},
        )
        payment.refund_status = status
    if payment.invoice_ref:
        _tell_invoice(unit.row(Invoice, payment.source, payment.invoice_ref), payment, back)


def _tell_invoice(invoice: Invoice, payment: Payment, back_minor: int) -> None:
    shares = {**(invoice.refund_shares or {}), payment.external_id: back_minor}
    if shares != (invoice.refund_shares or {}):
        invoice.refund_shares = shares
        invoice.refunded_minor = sum(shares.values())

