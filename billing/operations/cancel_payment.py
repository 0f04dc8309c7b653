"""Gives up a payment that was asked for, if it still can be: the provider decides, its answer converges (PAY-1)."""

from __future__ import annotations

from billing.operations.attempt_payment import PAYPAL, stop_attempt
from billing.operations.carry_over import give_back
from billing.operations.move_request import move_request
from billing.operations.request_known import request_known
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.payments import CancelPayment
from billing.rules.states_charges import PAYMENT_REQUEST
from models.payment_request import PaymentRequest

NOT_CANCELLABLE = frozenset({"succeeded", "carried_over", "processing"})


def cancel_payment(unit: UnitOfWork, command: CancelPayment) -> PaymentRequest:
    """The request, cancelled now where nothing exists at the provider, else as soon as it says so.

    Raises:
        Rejected: `unknown_request`, `not_cancellable`.
    """
    row = request_known(unit, command)
    if row.status == "cancelled" or row.cancel_wanted:
        return row
    if row.status in NOT_CANCELLABLE:
        raise Rejected("not_cancellable", f"{row.external_id} is {row.status}", {"current": row.status})
    give_up_payment(unit, row, command.reason)
    return row


def give_up_payment(unit: UnitOfWork, row: PaymentRequest, reason: str | None) -> None:
    """Cancel a request that is none of `NOT_CANCELLABLE`; whether it takes money all the same, the provider's answer says."""
    row.note = reason if row.note is None else row.note
    if row.source == PAYPAL or (row.status == "failed" and row.payment_ref is None):
        give_back(unit, row)
        row.completed_at = unit.now
        move_request(unit, row, PAYMENT_REQUEST, "cancelled", reason=reason)
        return
    row.cancel_wanted, row.retry_wanted = True, False
    row.updated_at = max(row.updated_at, unit.now)
    if row.payment_ref is not None:
        stop_attempt(unit, row)
