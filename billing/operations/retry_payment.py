"""Tries a payment again that failed: another attempt, with another payment and key at the provider (PAY-2, PAY-3).

The payment before could still be paid, by a payer who returns to an open page. So it is cancelled first, and the next one
is made when the provider says that it was. PayPal's orders need none of that: what nobody captures takes nothing.
"""

from __future__ import annotations

from billing.operations.attach_promo import retake_promo
from billing.operations.attempt_payment import PAYPAL, attempt_payment, stop_attempt
from billing.operations.move_request import move_request
from billing.operations.request_known import request_known
from billing.operations.request_payment import PROMO_STANDS
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.payments import MOST_ATTEMPTS, RetryPayment
from billing.rules.states_charges import PAYMENT_REQUEST
from models.payment import Payment
from models.payment_request import PaymentRequest


def retry_payment(unit: UnitOfWork, command: RetryPayment) -> PaymentRequest:
    """The request with its next attempt under way. The same attempt asked for twice is one.

    Raises:
        Rejected: `unknown_request`, `not_failed`, `too_many_attempts`; of its promo code `promo_used_up`,
            `promo_used_by_customer`, `promo_in_use`.
    """
    row = request_known(unit, command)
    if (row.attempt or 0) >= command.attempt or (row.retry_wanted and (row.attempt or 0) + 1 == command.attempt):
        return row
    if row.status not in ("failed", "requires_action") or (row.attempt or 0) + 1 != command.attempt:
        raise Rejected(
            "not_failed",
            f"attempt {command.attempt} of {row.external_id} cannot begin: attempt {row.attempt} is {row.status}",
            {"current": {"status": row.status, "attempt": row.attempt}, "limit": (row.attempt or 0) + 1},
        )
    if command.attempt > MOST_ATTEMPTS:
        limits = {"current": row.attempt, "limit": MOST_ATTEMPTS}
        raise Rejected("too_many_attempts", f"{row.external_id} was tried {row.attempt} times", limits)
    retake_promo(unit, row, unit.now + PROMO_STANDS)
    if command.payment_method_ref:
        row.payment_method_ref = command.payment_method_ref
    if row.source == PAYPAL or row.payment_ref is None or unit.row(Payment, row.source, row.payment_ref).status == "cancelled":
        attempt_payment(unit, row)
        return row
    row.retry_wanted = True
    move_request(unit, row, PAYMENT_REQUEST, "pending", attempt=row.attempt, reason=command.reason)
    stop_attempt(unit, row)
    return row
