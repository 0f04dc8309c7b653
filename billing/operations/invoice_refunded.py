"""What a refund means for an invoice of ours that the payment paid: it says what went back, and a credit note says it (REFUND-5, INV-9)."""

from __future__ import annotations

from billing.operations.claw_back_part import claw_back_part
from billing.operations.credit_document import credit_later
from billing.operations.given_back import take_back_credit
from billing.operations.grant_package import lot_of_invoice
from billing.operations.settle_invoice import settle_invoice
from billing.operations.surplus import refund_part, refund_surplus
from billing.operations.take_invoice_payment import ENDED
from billing.operations.unit import UnitOfWork
from billing.rules.invoice_life import late_reference
from models.base import OWN_SOURCE
from models.fulfilment import Fulfilment
from models.invoice import Invoice
from models.payment import Payment


def invoice_refunded(unit: UnitOfWork, fulfilment: Fulfilment, payment: Payment) -> None:
    """Bring its invoice up to date with a converged payment; called whenever what went back of it may have changed. It stays paid.

    One that still waits for the rest of its money is owed again what went back. What a paid one had not needed is taken off the
    subscriber's credit first.
    """
    back = payment.refunded_minor
    if back is None:
        return  # nothing was ever given back
    row = unit.row(Invoice, OWN_SOURCE, fulfilment.purpose_ref or "")
    if row.status in ENDED:  # then money that came has paid a new one (INV-13)
        late = late_reference(row.external_id, fulfilment.external_id)
        row = unit.find(Invoice, OWN_SOURCE, [late]).get(late, row)
    if row.incomplete or row.currency != payment.currency:
        return
    if row.status == "pending":
        refund_part(unit, fulfilment, row, back)
        if not row.amount_remaining_minor:  # the refund came to nothing after the rest was paid
            settle_invoice(unit, row, paid_minor=row.amount_paid_minor or 0, because="payment", payment_ref=payment.external_id)
        return
    back = max(back - refund_surplus(unit, fulfilment, back), 0)
    if row.status != "paid":
        return
    shares = {**(row.refund_shares or {}), payment.external_id: back}
    if shares == (row.refund_shares or {}):
        return
    row.refund_shares = shares
    row.refunded_minor = min(sum(shares.values()), row.amount_paid_minor or 0)  # what came beyond the invoice is the subscriber's credit
    if row.invoice_type == "credit_package":
        claw_back_part(unit, fulfilment, lot_of_invoice(row.external_id), back, row.amount_paid_minor or 0)
    take_back_credit(unit, row)
    credit_later(unit, row)
