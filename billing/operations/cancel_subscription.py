"""Ends a subscription that we bill by somebody's wish, now or with its period; takes such a wish back; pauses and resumes (SUB-5)."""

from __future__ import annotations

from billing.operations.catalogue import offers_of
from billing.operations.change_subscription import credit_unused, own_subscription, refuse_suspended
from billing.operations.collect_invoice import collect_invoice, collectable
from billing.operations.derive_account_status import derive_later
from billing.operations.end_subscription import end_subscription
from billing.operations.move_own import move_own
from billing.operations.open_period import full_minor, open_period
from billing.operations.own_wish import own_wish
from billing.operations.period_money import period_money
from billing.operations.unit import UnitOfWork
from billing.operations.wait_for_payer import wait_for_payer
from billing.rules.commands.base import Rejected
from billing.rules.commands.subscriptions import (
    CancelSubscription,
    PauseSubscription,
    ReactivateSubscription,
    ResumeSubscription,
)
from billing.rules.proration import unused
from billing.rules.subscription_terms import MOST_PERIODS, cycle_of, parts, span, whole_second
from models.base import OWN_SOURCE
from models.subscriber import Subscriber
from models.subscription import Subscription

ENDED = frozenset({"cancelled", "expired"})
_RUNNING = frozenset({"active", "past_due", "trialing"})


def cancel_subscription(unit: UnitOfWork, command: CancelSubscription) -> Subscription:
    """The subscription, ended or about to end; what has ended stays as it is.

    Raises:
        Rejected: `unknown_subscription`.
    """
    row = own_subscription(unit, command.reference, command.subscriber_ref)
    cancel(unit, row, when=command.when, credit=command.credit_unused, reason=command.reason)
    return row


def cancel(unit: UnitOfWork, row: Subscription, *, when: str, credit: bool, reason: str | None) -> None:
    """End a locked one of ours `now` or at its `period_end`; one that waits for money has no period to go on with."""
    if row.status in ENDED:
        return
    if when == "period_end" and row.status in _RUNNING:
        if not row.cancel_at_period_end:
            row.cancel_at_period_end = True
            after = {"cancel_at_period_end": True, "reason": reason}
            unit.audit("subscription.cancel_planned", Subscription.NAME, row.id, before={"cancel_at_period_end": False}, after=after)
            derive_later(unit, row.subscriber_ref)
        else:
            own_wish(unit, row)
        return
    if credit and row.status in ("active", "paused") and row.current_period_end and row.current_period_end > unit.now:
        whole = span(cycle_of(row.anchor_at, row.zone, row.cycle_unit, row.cycle_count), row.cycle_no or 0)
        left = unused(full_minor(row), *parts(whole, unit.now, row.current_period_end))
        money = period_money(unit, row)
        credit_unused(unit, row, left - money.unpaid_minor, money)  # what is not paid for is void with it
    end_subscription(unit, row, "cancelled", at=unit.now, because="cancelled_now", reason=reason)


def reactivate_subscription(unit: UnitOfWork, command: ReactivateSubscription) -> Subscription:
    """It goes on after its period. Nothing to take back: nothing changes.

    Raises:
        Rejected: `unknown_subscription`, `ended`.
    """
    row = own_subscription(unit, command.reference, command.subscriber_ref)
    if row.status in ENDED:
        raise Rejected("ended", f"{row.external_id} is {row.status}; begin another one", {"current": row.status})
    if row.cancel_at_period_end:
        row.cancel_at_period_end = False
        after = {"cancel_at_period_end": False, "reason": command.reason}
        unit.audit("subscription.reactivated", Subscription.NAME, row.id, before={"cancel_at_period_end": True}, after=after)
        derive_later(unit, row.subscriber_ref)
    return row


def pause_subscription(unit: UnitOfWork, command: PauseSubscription) -> Subscription:
    """Nothing is billed before it is resumed.

    Raises:
        Rejected: `unknown_subscription`, `not_active`.
    """
    row = own_subscription(unit, command.reference, command.subscriber_ref)
    if row.status == "paused":
        return row
    if row.status != "active":
        raise Rejected("not_active", f"{row.external_id} is {row.status}", {"current": row.status})
    row.next_billing_at = None
    move_own(unit, row, "paused", reason=command.reason)
    return row


def resume_subscription(unit: UnitOfWork, command: ResumeSubscription) -> Subscription:
    """The paid period goes on; if it is over, another one begins now, from which periods are counted anew, unless it was to end with it.

    Raises:
        Rejected: `unknown_subscription`, `not_paused`, `subscriber_suspended`, `too_many_changes` (SUB-14).
    """
    row = own_subscription(unit, command.reference, command.subscriber_ref)
    if row.status == "active":
        return row
    if row.status != "paused":
        raise Rejected("not_paused", f"{row.external_id} is {row.status}", {"current": row.status})
    subscriber = unit.row(Subscriber, OWN_SOURCE, row.subscriber_ref or "")
    if row.cancel_at_period_end and row.current_period_end is not None and row.current_period_end <= unit.now:
        end_subscription(unit, row, "cancelled", at=row.current_period_end, because="period_end")
        return row
    goes_on = row.current_period_end is not None and row.current_period_end > unit.now
    if not goes_on:
        refuse_suspended(unit, row.subscriber_ref)
    if not goes_on and (recent := period_money(unit, row).recent) >= MOST_PERIODS:
        message = f"{row.external_id} was billed {recent} times within a day"
        raise Rejected("too_many_changes", message, {"current": recent, "limit": MOST_PERIODS})
    move_own(unit, row, "active", reason=command.reason)
    if goes_on:
        row.next_billing_at = row.current_period_end
        return row
    row.anchor_at = whole_second(unit.now)
    period = span(cycle_of(row.anchor_at, row.zone, row.cycle_unit, row.cycle_count), 0)
    offer = offers_of(unit, [row.product_ref or ""]).get(row.product_ref or "")
    waits = row.collection == "manual" or not collectable(subscriber)
    name = offer.name if offer else row.product_ref or row.external_id
    invoice = open_period(unit, row, period, billing_reason="cycle", name=name, waits=waits)
    if invoice is not None:
        collect_invoice(unit, invoice)
        wait_for_payer(unit, row, invoice)
    return row
