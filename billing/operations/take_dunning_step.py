"""Takes one step of a dunning case that is due: the stored method is tried again, or the step is skipped and the customer reminded.

The try is the payment request's next attempt (PAY-2, PAY-3): its key is the attempt's number, and the payment before is cancelled at
the provider first. Whatever goes wrong on the way is the machine's.
"""

from __future__ import annotations

from typing import Literal, cast

from billing.operations.move_dunning import end_attempt_row, move_dunning
from billing.operations.open_dunning import HARD_DECLINE
from billing.operations.retry_payment import retry_payment
from billing.operations.tell_dunning import tell_step
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.payments import RetryPayment
from models.base import OWN_SOURCE
from models.dunning_attempt import DunningAttempt
from models.dunning_case import DunningCase
from models.invoice import Invoice
from models.payment_request import PaymentRequest
from models.subscriber import Subscriber
from models.subscription import Subscription

_DEFAULT = "SELECT default_payment_method_ref AS method FROM bursar.customer WHERE source = %(source)s AND external_id = %(customer)s"
_SILENT = frozenset({"superseded", "ending", "in_progress", "transfer_waits"})
"""Skipped without a reminder: there is nothing that the customer should do now."""


def take_dunning_step(unit: UnitOfWork, reference: str, *, newest: bool, run_ref: str | None) -> None:
    """Take a locked step whose time has come; one that was overtaken by a later one while nobody looked is passed over.

    Args:
        unit: the transaction; the subscriber is locked.
        reference: the attempt's.
        newest: whether no later step of its case is due as well.
        run_ref: the collection run.
    """
    row = unit.row(DunningAttempt, OWN_SOURCE, reference)
    if row.status != "pending" or row.due_at is None or row.due_at > unit.now:
        return
    case = unit.row(DunningCase, OWN_SOURCE, row.case_ref or "")
    invoice = unit.row(Invoice, OWN_SOURCE, row.case_ref or "")
    row.run_ref = run_ref
    if case.status != "open" or invoice.status != "pending":
        end_attempt_row(unit, row, "cancelled", case.closed_because or invoice.status)
        return
    subscriber = unit.row(Subscriber, OWN_SOURCE, case.subscriber_ref or "")
    method = method_of(unit, subscriber)
    why = "superseded" if not newest else _why_not(unit, case, invoice, method)
    if why is None:
        why = begin_try(unit, case, row, invoice, method)
    if why is not None:
        end_attempt_row(unit, row, "skipped", why)
        if why not in _SILENT:
            tell_step(unit, case, row, "reminder")


def method_of(unit: UnitOfWork, subscriber: Subscriber) -> str | None:
    """The method that is charged: his own, else his customer's default at the provider."""
    if subscriber.payment_method_ref is not None or subscriber.pay_customer_ref is None:
        return subscriber.payment_method_ref
    found = unit.committed(_DEFAULT, {"source": subscriber.pay_source, "customer": subscriber.pay_customer_ref})
    return cast("str | None", found[0]["method"]) if found else None


def _why_not(unit: UnitOfWork, case: DunningCase, invoice: Invoice, method: str | None) -> str | None:
    if invoice.confirmation_since is not None:
        return "transfer_waits"
    if not case.charges or case.request_ref is None:
        return "policy"
    if case.subscription_ref and unit.row(Subscription, OWN_SOURCE, case.subscription_ref).cancel_at_period_end:
        return "ending"
    request = unit.row(PaymentRequest, case.request_source or "", case.request_ref)
    if request.status == "requires_action":
        return "needs_customer"
    if request.status != "failed" or case.running_ref is not None:
        return "in_progress"
    if method is None:
        return "no_method"
    return HARD_DECLINE if case.stopped_because == HARD_DECLINE and method == case.method_ref else None


def begin_try(unit: UnitOfWork, case: DunningCase, row: DunningAttempt, invoice: Invoice, method: str | None) -> str | None:
    """Ask the provider; why not, if it could not be asked."""
    request = unit.row(PaymentRequest, case.request_source or "", case.request_ref or "")
    number = (request.attempt or 0) + 1
    command = RetryPayment(
        source=cast("Literal['stripe', 'paypal']", request.source), reference=request.external_id, attempt=number,
        payment_method_ref=method, reason=f"dunning step {row.external_id}",
    )  # fmt: skip
    before, request.amount_minor = request.amount_minor, invoice.amount_remaining_minor  # a part of it may have been paid
    try:
        retry_payment(unit, command)
    except Rejected as refused:
        request.amount_minor = before
        return refused.code
    row.request_attempt, row.method_ref, row.amount_minor, row.started_at = number, method, request.amount_minor, unit.now
    case.running_ref = row.external_id
    move_dunning(unit, row, "processing", attempt=number, amount_minor=row.amount_minor, currency=row.currency)
    return None
