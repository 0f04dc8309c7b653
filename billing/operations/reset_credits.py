"""Sets the subscription pool to the plan's amount when a paid credit month begins: what was left is gone, nothing adds up (CRED-3).

Whoever settles a period (own invoice, provider's invoice, approved transfer) comes here once per (subscription, period_start).
Within longer periods a run resets on each month's anchor day. Bought lots are left alone. What cost nothing grants nothing
(CRED-12), and a change within a period settles none.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.operations.catalogue import products_of
from billing.operations.credit_ledger import account_of, change_lot, open_lots
from billing.operations.grant_credits import Grant, grant_credits
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.credits import Month, credit_month
from billing.rules.subscription_terms import cycle_of, stamp
from models.base import OWN_SOURCE
from models.credit_cycle import CreditCycle
from models.credit_lot import CreditLot
from models.period_settlement import PeriodSettlement
from models.subscription import Subscription

NEAR = timedelta(minutes=2)
"""A provider's event is of whole seconds by its own clock: a payment that it dates so little before its period is in it."""

_RUNNING = frozenset({"active", "past_due", "pending", "pending_renewal", "trialing"})
_ENDED = frozenset({"cancelled", "expired"})


def reset_on_settlement(unit: UnitOfWork, row: Subscription, settlement: PeriodSettlement) -> None:
    """An effect of `settle_period`."""
    if settlement.because != "invoice_paid" or row.subscriber_ref is None or settlement.period_start is None:
        return
    if row.product_ref is None:
        return  # what it grants is not known yet: `settle_known` asks again
    start, end = settlement.period_start, period_end(row, settlement.period_start)
    cycle, _ = own_row(unit, CreditCycle, row.source, row.external_id)
    cycle.subscriber_ref = row.subscriber_ref
    if cycle.paid_from is not None and start < cycle.paid_from:
        return  # the payment of a period that is over: a later one was paid before it
    at = max(unit.now, start) if start - unit.now <= NEAR else unit.now
    if cycle.paid_until is None or start <= at or cycle.paid_until <= at:
        cycle.paid_from, cycle.paid_until, cycle.next_reset_at = start, end, start
    else:  # paid ahead: it begins when its time has come
        cycle.next_reset_at, cycle.paid_until = cycle.next_reset_at or start, max(end, cycle.paid_until)
    advance_credits(unit, row, cycle, at, paid=True)


def carry_credits(unit: UnitOfWork, row: Subscription, start: datetime) -> None:
    """A change began another cycle within a paid period, and is paid: the running credit month goes on to its end, as a change refills
    nothing (CRED-12); after it come the months of the new period, as far as that goes.
    """
    if row.subscriber_ref is None:
        return
    cycle, _ = own_row(unit, CreditCycle, row.source, row.external_id)
    if cycle.paid_from is not None and start < cycle.paid_from:
        return
    cycle.subscriber_ref, end, running = row.subscriber_ref, period_end(row, start), cycle.next_reset_at or cycle.paid_until
    cycle.paid_from, cycle.paid_until, cycle.updated_at = start, end, max(cycle.updated_at, unit.now)
    if running is not None and running > unit.now:
        cycle.next_reset_at = running if running < end else None
        return
    cycle.next_reset_at = start
    advance_credits(unit, row, cycle, unit.now, paid=True)


def advance_credits(unit: UnitOfWork, row: Subscription, cycle: CreditCycle, at: datetime, *, paid: bool = False) -> bool:
    """Begin the credit month that `at` lies in, if that is due and paid; whether credits were reset. All rows are locked.

    Months that nobody came to begin in time are not made up for: their credits would be gone already. `paid`: by this very unit, whose
    money also brings back a service that was suspended for want of it, a moment later.
    """
    if cycle.next_reset_at is None or cycle.paid_until is None or cycle.paid_from is None or cycle.next_reset_at > at:
        return False
    if row.status in _ENDED or cycle.paid_until <= at:
        cycle.next_reset_at = None
        return False
    if row.status not in _RUNNING and not paid:
        return False  # it stays due: the month that runs when service goes on is paid
    month = _month(row, cycle, at)
    cycle.next_reset_at = month.end if month.end < cycle.paid_until else None
    cycle.updated_at = max(cycle.updated_at, unit.now)
    if cycle.month_start == month.start:
        return False
    previous, cycle.month_start = cycle.month_start, month.start
    _reset(unit, row, month, previous)
    return True


def period_end(row: Subscription, start: datetime) -> datetime:
    """When the subscription's period that begins then ends."""
    if row.current_period_start == start and row.current_period_end is not None and row.current_period_end > start:
        return row.current_period_end
    cycle = cycle_of(row.anchor_at or start, row.zone, row.cycle_unit or "month", row.cycle_count or 1)
    return cycle.boundary(cycle.number_at(start) + 1)


def _month(row: Subscription, cycle: CreditCycle, at: datetime) -> Month:
    begun, until = cycle.paid_from or at, cycle.paid_until or at
    return credit_month(at, begun, until, anchor_at=row.anchor_at or begun, zone=row.zone, unit=row.cycle_unit, count=row.cycle_count)


def _reset(unit: UnitOfWork, row: Subscription, month: Month, previous: datetime | None) -> None:
    account, name = account_of(unit, row.subscriber_ref or ""), lot_of(row, month.start)
    if previous is not None:
        # Also where all of it is spent: what an operation gives back later must not add to the new month.
        before = unit.row(CreditLot, OWN_SOURCE, lot_of(row, previous))
        if not before.incomplete and (before.expires_at is None or before.expires_at > unit.now):
            before.expires_at = unit.now
    for lot in open_lots(unit, account):
        if (lot.subscription_source, lot.subscription_ref) == (row.source, row.external_id):
            change_lot(unit, account, lot, -(lot.remaining or 0), kind="reset", fact=name)
    plan = products_of(unit, [row.product_ref or ""]).get(row.product_ref or "")
    amount = (plan.credits if plan else None) or 0
    account.reset_at = unit.now
    if amount:
        grant_credits(unit, Grant(
            lot=name, subscriber_ref=account.external_id, amount=amount, pool="subscription", origin="subscription", kind="subscription",
            expires_at=month.end, product_ref=row.product_ref, subscription_source=row.source, subscription_ref=row.external_id,
            month_start=month.start,
        ), begins_period=True)  # fmt: skip


def lot_of(row: Subscription, month_start: datetime) -> str:
    """How the lot of a credit month is called."""
    return f"subscription:{row.source}:{row.external_id}:{stamp(month_start)}"
