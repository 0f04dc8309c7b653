"""What a failed payment of an invoice of our own sets in motion: a case with its ladder, or the end of one of its tries (DUN-1, DUN-4).

A failure that is none of the case's own tries is the customer's own click: it is noted and moves nothing on the ladder (DUN-10).
"""

from __future__ import annotations

from datetime import datetime

from billing.operations.move_dunning import end_attempt_row, move_dunning
from billing.operations.own_row import own_row
from billing.operations.policies import manual_policy, policy_for
from billing.operations.tell_dunning import tell_step
from billing.operations.unit import UnitOfWork
from billing.rules.dunning import Policy, after, due_times, hard
from models.base import OWN_SOURCE
from models.dunning_attempt import DunningAttempt
from models.dunning_case import DunningCase
from models.invoice import Invoice
from models.payment_request import PaymentRequest
from models.subscriber import Subscriber
from models.subscription import Subscription

HARD_DECLINE = "hard_decline"
_SERVED = frozenset({"active", "past_due", "pending_renewal", "unpaid"})


def dun_failed_payment(unit: UnitOfWork, invoice: Invoice, request: PaymentRequest) -> None:
    """One of `follow_invoice_payment.ON_FAILED`: once per failed attempt, with the subscriber locked."""
    subscriber = unit.row(Subscriber, OWN_SOURCE, invoice.subscriber_ref or "")
    case, new = own_row(unit, DunningCase, OWN_SOURCE, invoice.external_id)
    if not new and case.status != "open":
        return
    if request.off_session:
        # Only what collects from the stored method says something of it; what the customer pays by himself is tried by himself.
        case.request_source, case.request_ref = request.source, request.external_id
        case.method_ref, case.decline_code = request.payment_method_ref, request.decline_code
        case.stopped_because = HARD_DECLINE if hard(request.decline_code, request.failure_code) else None
    if new:
        _open(unit, case, invoice, policy_for(unit, subscriber, invoice))
        row = _step(unit, case, 0, "first", unit.now)
        row.started_at, row.request_attempt, row.method_ref = unit.now, request.attempt, request.payment_method_ref
        move_dunning(unit, row, "processing")
        _fail(unit, case, row, request)
        _climb(unit, case)
    elif case.running_ref is not None:
        row = unit.row(DunningAttempt, OWN_SOURCE, case.running_ref)
        if row.request_attempt == request.attempt:
            case.running_ref = None
            _fail(unit, case, row, request)


def dun_unpaid_renewal(unit: UnitOfWork, invoice: Invoice, *, ends: bool = False) -> None:
    """Open the case of an invoice that its payer is to pay by himself: reminders only; its end is the renewal's own grace (DUN-8).

    `ends`: the renewal has none, so the policy's holds.
    """
    case, new = own_row(unit, DunningCase, OWN_SOURCE, invoice.external_id)
    if new:
        _open(unit, case, invoice, manual_policy(unit), ends=ends)
        _climb(unit, case)


def _open(unit: UnitOfWork, case: DunningCase, invoice: Invoice, policy: Policy, *, ends: bool = True) -> None:
    case.subscriber_ref, case.subscription_ref = invoice.subscriber_ref, invoice.subscription_ref
    case.policy_ref, case.retry_intervals_days = policy.key, list(policy.retry_intervals_days)
    case.charges, case.mails, case.template_prefix = policy.charges, policy.mails, policy.template_prefix
    case.currency, case.amount_minor = invoice.currency, invoice.amount_remaining_minor
    case.opened_at, case.tries = unit.now, 0
    if ends:
        # An invoice that is for no subscription has no service to suspend (INV-6).
        case.suspend_at = after(unit.now, policy.suspend_after_days) if invoice.subscription_ref else None
        case.terminate_at = after(unit.now, policy.terminate_after_days)
        case.next_deadline_at = case.suspend_at or case.terminate_at
    move_dunning(unit, case, "open", policy=policy.key, amount_minor=case.amount_minor, currency=case.currency)
    if ends and invoice.subscription_ref is not None:
        stay_until(unit.row(Subscription, OWN_SOURCE, invoice.subscription_ref), case.next_deadline_at)


def stay_until(row: Subscription, deadline_at: datetime | None) -> None:
    """Access and seats stay until the deadline (DUN-10); an earlier one of another invoice holds."""
    if row.status in _SERVED and deadline_at is not None:
        row.grace_until = deadline_at if row.grace_until is None else min(row.grace_until, deadline_at)


def _climb(unit: UnitOfWork, case: DunningCase) -> None:
    """All rungs at once: their days are counted from the first failure, whatever comes of the others."""
    times = due_times(case.opened_at or unit.now, [int(one) for one in case.retry_intervals_days or ()])
    unit.expect((DunningAttempt.NAME, OWN_SOURCE, _step_ref(case, number, "ladder")) for number in range(1, len(times) + 1))
    for number, due_at in enumerate(times, 1):
        move_dunning(unit, _step(unit, case, number, "ladder", due_at), "pending", due_at=due_at.isoformat())


def _step(unit: UnitOfWork, case: DunningCase, number: int, kind: str, due_at: datetime) -> DunningAttempt:
    row, _ = own_row(unit, DunningAttempt, OWN_SOURCE, _step_ref(case, number, kind))
    row.kind, row.case_ref, row.subscriber_ref, row.number, row.due_at = kind, case.external_id, case.subscriber_ref, number, due_at
    row.currency, row.amount_minor = case.currency, case.amount_minor
    return row


def _step_ref(case: DunningCase, number: int, kind: str) -> str:
    return f"{case.external_id}:{'n' if kind == 'new_method' else ''}{number}"


def new_step(unit: UnitOfWork, case: DunningCase) -> DunningAttempt:
    """A try with a new method, beside the ladder."""
    case.tries = (case.tries or 0) + 1
    row = _step(unit, case, case.tries, "new_method", unit.now)
    move_dunning(unit, row, "pending")
    return row


def _fail(unit: UnitOfWork, case: DunningCase, row: DunningAttempt, request: PaymentRequest) -> None:
    row.gateway_code, row.gateway_message, row.decline_code = request.failure_code, request.failure_message, request.decline_code
    end_attempt_row(unit, row, "failed")
    tell_step(unit, case, row, "failed")
