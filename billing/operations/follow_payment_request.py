"""Brings the request that wanted a payment up to date with it: part of the one convergence, whoever brings the news (PAY-1).

The webhook may come before the answer to our own call; an old attempt may speak after a new one has begun.
"""

from __future__ import annotations

import structlog

from billing.operations.attempt_payment import attempt_payment, stop_attempt
from billing.operations.carry_over import give_back
from billing.operations.follow_invoice_payment import invoice_payment_failed
from billing.operations.move_request import move_request
from billing.operations.tell_payment_failed import tell_payment_failed
from billing.operations.unit import UnitOfWork
from billing.rules.request_tag import request_named
from billing.rules.states_charges import FROM_PAYMENT, PAYMENT_REQUEST
from models.payment import Payment
from models.payment_request import PaymentRequest

log = structlog.get_logger(__name__)

_FINAL = frozenset({"succeeded", "carried_over"})
PAID_TWICE = "paid_twice"


def follow_payment_request(unit: UnitOfWork, payment: Payment) -> PaymentRequest | None:
    """The request that `payment` names, brought up to date; None if it names none of ours."""
    named = request_named(payment.metadata_)
    if named is None or named.request_type != PaymentRequest.NAME:
        return None
    row = unit.row(PaymentRequest, payment.source, named.reference)
    if row.incomplete:
        return None
    if payment.confirmed is False:
        return row  # PayPal's weakly signed body: nothing follows before PayPal was asked
    if payment.status == "succeeded":
        _paid(unit, row, payment)
    elif named.attempt == row.attempt and row.status not in _FINAL:
        _live(unit, row, payment)
    return row


def _paid(unit: UnitOfWork, row: PaymentRequest, payment: Payment) -> None:
    """Money came, for whichever attempt. Money for a second one is nobody's until a person has looked."""
    if row.status == "succeeded":
        if row.payment_ref != payment.external_id and row.failure_code != PAID_TWICE:
            row.failure_code, row.failure_message = PAID_TWICE, f"{payment.external_id} was paid as well; refund one of them"
            log.error("payment_request_paid_twice", request=row.external_id, first=row.payment_ref, second=payment.external_id)
            unit.audit(
                "payment_request.paid_twice",
                PaymentRequest.NAME,
                row.id,
                before=None,
                after={"payments": sorted([row.payment_ref or "", payment.external_id]), "amount_minor": payment.received_minor},
            )
        return
    row.payment_ref, row.completed_at = payment.external_id, unit.now
    row.url = row.failure_code = row.failure_message = row.decline_code = None
    row.retry_wanted = row.cancel_wanted = False
    about = {"payment": payment.external_id, "received_minor": payment.received_minor, "currency": payment.currency}
    move_request(unit, row, PAYMENT_REQUEST, "succeeded", **about)


def _live(unit: UnitOfWork, row: PaymentRequest, payment: Payment) -> None:
    row.payment_ref = payment.external_id
    after = FROM_PAYMENT.get(payment.status or "")
    if after is None:
        return
    if after == "cancelled":
        end_attempt(unit, row)
    elif row.retry_wanted:
        return  # it waits for the cancellation's answer
    elif row.cancel_wanted and after != "processing":
        stop_attempt(unit, row)
    else:
        row.failure_code, row.failure_message, row.decline_code = payment.failure_code, payment.failure_message, payment.decline_code
        fail_or_move(unit, row, after)


def end_attempt(unit: UnitOfWork, row: PaymentRequest) -> None:
    """The attempt surely takes nothing any more: the next one, if it is wanted, else the end."""
    if row.retry_wanted:
        attempt_payment(unit, row)
        return
    if row.status == "cancelled":
        return
    row.cancel_wanted, row.url, row.completed_at = False, None, unit.now
    give_back(unit, row)
    move_request(unit, row, PAYMENT_REQUEST, "cancelled", attempt=row.attempt)


def fail_or_move(unit: UnitOfWork, row: PaymentRequest, after: str) -> None:
    """To `after`; the payer is told of a failure, once per attempt. Nothing is tried again by itself (PAY-3)."""
    about = {"attempt": row.attempt, "failure_code": row.failure_code, "decline_code": row.decline_code}
    if row.status == "cancelled":
        return
    if after != "requires_action":
        row.url = None
    moved = move_request(unit, row, PAYMENT_REQUEST, after, **about)
    if moved and after == "requires_action" and row.off_session:
        invoice_payment_failed(unit, row)  # nobody is there to act: for dunning it has failed, until the customer comes
    elif moved and after == "failed" and not invoice_payment_failed(unit, row):
        tell_payment_failed(unit, row)  # of invoices dunning tells, by its policy
