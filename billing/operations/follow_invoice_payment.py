"""What follows when the attempt to collect an invoice of our own has failed: the subscription is past due, and dunning hears of it.

The invoice stays pending: nothing is tried again by itself here (PAY-3); what is tried when is dunning's (DUN-1).
"""

from __future__ import annotations

from collections.abc import Callable

from billing.operations.move_own import move_own
from billing.operations.open_dunning import dun_failed_payment
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.payment_request import PaymentRequest
from models.subscription import Subscription

OnFailed = Callable[[UnitOfWork, Invoice, PaymentRequest], None]

ON_FAILED: tuple[OnFailed, ...] = (dun_failed_payment,)
"""Called once per failed attempt, in this order, after the subscription was moved; the subscriber is locked."""


def invoice_payment_failed(unit: UnitOfWork, request: PaymentRequest) -> bool:
    """Part of the one convergence: whoever brings the news, once per attempt; whether it is for an invoice that waits for money."""
    if request.purpose != "invoice" or request.purpose_ref is None:
        return False
    invoice = unit.row(Invoice, OWN_SOURCE, request.purpose_ref)
    if invoice.incomplete or invoice.status != "pending":
        return False
    invoice.attempt_count = (invoice.attempt_count or 0) + 1
    if invoice.subscription_ref is not None:
        row = unit.row(Subscription, OWN_SOURCE, invoice.subscription_ref)
        if row.status == "active":
            move_own(unit, row, "past_due", because=request.decline_code or request.failure_code, invoice=invoice.external_id)
    for follow in ON_FAILED:
        follow(unit, invoice, request)
    return True
