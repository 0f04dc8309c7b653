"""The synchronous confirmation: the payer is back, and the app wants to know. It brings no news of its own (PAY-1, EVENT-4).

What the provider says to the look-up goes the way of any event, so a webhook that comes first or later changes nothing twice.
"""

from __future__ import annotations

from billing.operations.attempt_payment import QUEUE, lane_of
from billing.operations.follow_order import look_at_order
from billing.operations.look_at_payment import look_at_payment
from billing.operations.request_known import request_known
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.payments import ConfirmPayment
from models.payment import Payment
from models.payment_request import PaymentRequest

_CONFIRMABLE = "requires_confirmation"


def confirm_payment(unit: UnitOfWork, command: ConfirmPayment) -> tuple[Payment | None, PaymentRequest | None]:
    """The payment as it is known now (and its request, if it is ours); what is still open is asked for, or confirmed.

    Raises:
        Rejected: `unknown_request`, `not_yet_made`, `not_askable`.
    """
    request = request_known(unit, command) if command.reference else None  # type: ignore[arg-type]  # it has one then
    payment_ref = command.payment_ref or (request.payment_ref if request else None)
    if payment_ref is None:
        if request is not None and request.status == "carried_over":
            return None, request
        if request is not None and request.order_ref is not None:
            look_at_order(unit, request, f"confirm:{unit.now.isoformat()}")
            return None, request
        raise Rejected("not_yet_made", f"{command.reference} has no payment at {command.source} yet", {"field": "reference"})
    payment = unit.row(Payment, command.source, payment_ref)
    if payment.status == "succeeded" and payment.confirmed is not False:
        return payment, request
    if request is not None and payment.provider_status == _CONFIRMABLE:
        values = {"payment_ref": payment_ref, "return_url": request.return_url}
        unit.submit("payment_intent.confirm", request, values=values, queue=QUEUE, lane=lane_of(request), attempt=request.attempt or 1)
    elif not look_at_payment(unit, payment, f"confirm:{unit.now.isoformat()}"):
        raise Rejected("not_askable", f"nobody but an operator can confirm payments of {command.source}", {"field": "source"})
    return payment, request
