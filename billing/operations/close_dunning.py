"""Ends the dunning of invoices that are paid or owed no longer, wherever that was decided: success anywhere ends it (DUN-10)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.derive_account_status import derive_later
from billing.operations.move_dunning import end_attempt_row, move_dunning
from billing.operations.unit import UnitOfWork
from billing.rules.instants import iso
from models.base import OWN_SOURCE
from models.dunning_attempt import DunningAttempt
from models.dunning_case import DunningCase
from models.invoice import Invoice
from models.payment_request import PaymentRequest
from models.subscriber import Subscriber
from models.subscription import Subscription

SUSPENDED_BECAUSE = "payment overdue"
"""What a subscriber is told, and how a suspension by dunning is known from one by an operator, which dunning never lifts."""

_OPEN = "SELECT external_id FROM bursar.dunning_case WHERE external_id = ANY (%(refs)s) AND status = 'open'"
_THEIRS = """SELECT external_id, subscription_ref, suspended_at, next_deadline_at FROM bursar.dunning_case
             WHERE subscriber_ref = %(subscriber)s AND status = 'open'"""
_DUE = """SELECT external_id FROM bursar.subscription WHERE subscriber_ref = %(subscriber)s AND source = 'bursar'
          AND (status IN ('active', 'past_due', 'pending_renewal', 'unpaid') AND next_billing_at <= %(now)s AND parked_at IS NULL
               OR status = 'trialing' AND trial_end_at <= %(now)s)"""
_OPEN_ATTEMPTS = """SELECT external_id FROM bursar.dunning_attempt
                    WHERE case_ref = ANY (%(refs)s) AND status IN ('pending', 'processing')"""


def close_dunning_later(unit: UnitOfWork, invoice_ref: str) -> None:
    """This invoice's status is final now: its case, if there is one, ends with this unit."""
    unit.later(_close, invoice_ref)


def _close(unit: UnitOfWork, refs: Sequence[str]) -> None:
    found = {row["external_id"] for row in unit.committed(_OPEN, {"refs": list(refs)})}
    found |= {row.external_id for row in unit.known if isinstance(row, DunningCase) and row.status == "open" and row.external_id in refs}
    if not found:
        return
    unit.load((DunningCase.NAME, OWN_SOURCE, ref) for ref in found)
    load_attempts(unit, sorted(found))
    for ref in sorted(found):
        case = unit.row(DunningCase, OWN_SOURCE, ref)
        invoice = unit.row(Invoice, OWN_SOURCE, ref)
        if case.status == "open" and invoice.status != "pending":
            unit.again(ref)
            paid = invoice.status == "paid"
            close_case(unit, case, "recovered" if paid else "cancelled", invoice.status if paid else invoice.void_because)


def load_attempts(unit: UnitOfWork, refs: list[str]) -> None:
    """Lock the attempts of these cases that are not over."""
    found = unit.committed(_OPEN_ATTEMPTS, {"refs": refs})
    unit.load([(DunningAttempt.NAME, OWN_SOURCE, row["external_id"]) for row in found])


def close_case(unit: UnitOfWork, case: DunningCase, status: str, because: str | None) -> None:
    """End a locked open case and its attempts; what it suspended goes on, unless another case holds it."""
    theirs = [row.external_id for row in unit.known if isinstance(row, DunningAttempt) and row.case_ref == case.external_id]
    for row in [unit.row(DunningAttempt, OWN_SOURCE, ref) for ref in theirs]:  # as asked for, so that an event's undo puts it back
        if row.status == "processing" and status == "recovered" and _by(unit, case, row):
            end_attempt_row(unit, row, "success")
        elif row.status in ("pending", "processing"):
            end_attempt_row(unit, row, "cancelled", because)
    suspended = case.suspended_at is not None
    case.closed_at, case.closed_because, case.running_ref, case.next_deadline_at = unit.now, because, None, None
    move_dunning(unit, case, status, because=because)
    others = _others(unit, case)
    if suspended and not any(one.suspended_at for one in others):
        lift_suspension(unit, case.subscriber_ref or "", because or status)
    if case.subscription_ref is not None:
        held = unit.row(Subscription, OWN_SOURCE, case.subscription_ref)
        if held.status in ("past_due", "unpaid"):
            ends = [one.next_deadline_at for one in others if one.subscription_ref == case.subscription_ref and one.next_deadline_at]
            held.grace_until = min(ends) if ends else held.grace_until


def _by(unit: UnitOfWork, case: DunningCase, row: DunningAttempt) -> bool:
    """Whether it was this try that brought the money."""
    if case.request_ref is None:
        return False
    request = unit.row(PaymentRequest, case.request_source or "", case.request_ref)
    return request.status == "succeeded" and request.attempt == row.request_attempt


def _others(unit: UnitOfWork, case: DunningCase) -> list[DunningCase]:
    """His other cases that are open, as this unit leaves them."""
    found = [row["external_id"] for row in unit.committed(_THEIRS, {"subscriber": case.subscriber_ref})]
    unit.load((DunningCase.NAME, OWN_SOURCE, ref) for ref in found)
    theirs = [row for row in unit.known if isinstance(row, DunningCase) and row.subscriber_ref == case.subscriber_ref]
    return [row for row in theirs if row is not case and row.status == "open"]


def lift_suspension(unit: UnitOfWork, subscriber_ref: str, because: str) -> None:
    """End a suspension that dunning made; an operator's stays."""
    subscriber = unit.row(Subscriber, OWN_SOURCE, subscriber_ref)
    if subscriber.suspended_because != SUSPENDED_BECAUSE:
        return
    before = {"suspended_because": subscriber.suspended_because}
    subscriber.suspended_at = subscriber.suspended_because = None
    unit.audit("subscriber.reinstated", Subscriber.NAME, subscriber.id, before=before, after={"because": because})
    _leave_out(unit, subscriber_ref)
    derive_later(unit, subscriber_ref)


def _leave_out(unit: UnitOfWork, subscriber_ref: str) -> None:
    """What could not be used is not billed: each of his periods that would have begun meanwhile, a trial's first one too, begins now."""
    refs = [one["external_id"] for one in unit.committed(_DUE, {"subscriber": subscriber_ref, "now": unit.now})]
    unit.load((Subscription.NAME, OWN_SOURCE, ref) for ref in refs)
    for row in [unit.row(Subscription, OWN_SOURCE, ref) for ref in refs]:
        begins = row.trial_end_at if row.status == "trialing" else row.next_billing_at
        if begins is not None and begins <= unit.now:
            before, row.unbilled_until = row.unbilled_until, unit.now
            row.updated_at = max(row.updated_at, unit.now)
            about = {"unbilled_from": iso(begins), "unbilled_until": iso(unit.now)}
            unit.audit("subscription.unbilled", Subscription.NAME, row.id, before={"unbilled_until": iso(before)}, after=about)
