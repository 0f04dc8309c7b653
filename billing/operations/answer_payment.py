"""Takes the provider's answer to one of a payment request's calls. The payment itself was recorded before, and has converged."""

from __future__ import annotations

from billing.operations.follow_order import answer_order
from billing.operations.follow_payment_request import end_attempt, fail_or_move, follow_payment_request
from billing.operations.look_at_payment import look_at_payment
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact
from billing.rules.states_charges import FROM_PAYMENT
from models.payment import Payment
from models.payment_request import PaymentRequest

_LIVE = frozenset({"pending", "requires_action", "processing"})


def answer_payment(unit: UnitOfWork, fact: AnswerFact) -> None:
    """Of an accepted call the payment has said everything; a refused one fails the attempt or leaves the payment as it is."""
    row = unit.row(PaymentRequest, fact.source, fact.external_id)
    if _attempt(fact) != row.attempt:
        return
    if fact.accepted and fact.operation == "order.create":
        answer_order(unit, row, fact)
    elif fact.accepted:
        if fact.url and row.status == "requires_action":
            row.url = fact.url
        if fact.operation == "payment_intent.create" and row.payment_ref is None and row.status != "succeeded":
            row.payment_ref = fact.object_ref
    elif fact.operation == "payment_intent.cancel":
        _not_cancelled(unit, row, fact)
    elif row.status in _LIVE:
        _refused(unit, row, fact)


def _attempt(fact: AnswerFact) -> int:
    number = fact.submission.rpartition(":")[2]
    return int(number) if number.isdecimal() else 0


def _refused(unit: UnitOfWork, row: PaymentRequest, fact: AnswerFact) -> None:
    """The provider said no for good (PAY-3). If it made nothing, a cancellation that waits for it is done."""
    row.failure_code, row.failure_message, row.decline_code = fact.error_code, fact.error_message, fact.decline_code
    if row.cancel_wanted and row.payment_ref is None:
        end_attempt(unit, row)
        return
    fail_or_move(unit, row, "failed")


def _not_cancelled(unit: UnitOfWork, row: PaymentRequest, fact: AnswerFact) -> None:
    """It was over, or too late. The payment's own word decides, and it is asked for again, because ours may be old."""
    if row.payment_ref is None:
        return
    payment = unit.row(Payment, row.source, row.payment_ref)
    follow_payment_request(unit, payment)
    if payment.status in ("cancelled", "succeeded"):
        return
    row.retry_wanted = row.cancel_wanted = False
    row.failure_code, row.failure_message = fact.error_code, fact.error_message
    fail_or_move(unit, row, FROM_PAYMENT.get(payment.status or "", row.status or "pending"))
    look_at_payment(unit, payment, fact.submission)
