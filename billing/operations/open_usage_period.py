"""A settled period begins its counters at zero: they are rows of their own, so nothing is set back and nothing lost (USAGE-1, USAGE-2, T4).

A subscriber's usage counts in the periods of one subscription: the first that was settled, until that one ends.
"""

from __future__ import annotations

from datetime import datetime

from billing.operations.announce_entitlements import announce_entitlements
from billing.operations.own_row import own_row
from billing.operations.reset_credits import period_end
from billing.operations.unit import UnitOfWork
from billing.rules.subscription_terms import stamp
from models.base import OWN_SOURCE
from models.period_settlement import PeriodSettlement
from models.subscription import Subscription
from models.usage_period import UsagePeriod

_LIVE = """SELECT 1 FROM bursar.subscription WHERE source = %(source)s AND external_id = %(ref)s
           AND subscriber_ref = %(subscriber)s AND status NOT IN ('cancelled', 'expired', 'unpaid')"""


def open_usage_period(unit: UnitOfWork, row: Subscription, settlement: PeriodSettlement) -> None:
    """An effect of `settle_period`. A period that is older than the running one opens nothing."""
    start = settlement.period_start
    if row.subscriber_ref is None or start is None:
        return
    period, _ = own_row(unit, UsagePeriod, OWN_SOURCE, row.subscriber_ref)
    same = (period.subscription_source, period.subscription_ref) == (row.source, row.external_id)
    if period.period_start is not None and (start <= period.period_start if same else _counts(unit, period)):
        return
    _begin(period, row, start, period_end(row, start))
    announce_entitlements(unit, row.subscriber_ref)


def carry_usage(unit: UnitOfWork, row: Subscription, start: datetime) -> None:
    """A change began another cycle, which is paid or free: the running counters go on to their end, as a change refills nothing; then
    others begin, which end with the new period. Where that is over before, so are the running ones, as soon as the next one is settled.
    """
    if row.subscriber_ref is None or row.current_period_start is None or start < row.current_period_start:
        return
    period, _ = own_row(unit, UsagePeriod, OWN_SOURCE, row.subscriber_ref)
    same, end = (period.subscription_source, period.subscription_ref) == (row.source, row.external_id), period_end(row, start)
    if period.period_start is not None and not same and _counts(unit, period):
        return
    if same and period.before_start is not None and period.period_start is not None and period.period_start > unit.now:
        # Others were to begin, by a change before this one: that is to be said anew.
        period.period_start, period.period_end = period.before_start, period.period_start
        period.before_ref = period.before_start = None
    running = period.period_end if same and period.period_end is not None else start
    if running < end:
        _begin(period, row, max(running, start), end)
    else:
        period.period_end = end
    announce_entitlements(unit, row.subscriber_ref)


def _begin(period: UsagePeriod, row: Subscription, start: datetime, end: datetime) -> None:
    period.before_ref, period.before_start = counters_of(period), period.period_start
    if period.before_start is not None and period.before_start >= start:
        period.before_ref = period.before_start = None  # of a subscription that has ended
    period.subscription_source, period.subscription_ref = row.source, row.external_id
    period.period_start, period.period_end = start, end


def counters_of(period: UsagePeriod) -> str:
    """How the names of the running period's counters begin; before any period was settled they run without an end."""
    if period.period_start is None:
        return f"none:{period.external_id}:"
    return f"{period.subscription_source}:{period.subscription_ref}:{stamp(period.period_start)}"


def _counts(unit: UnitOfWork, period: UsagePeriod) -> bool:
    bound = {"source": period.subscription_source, "ref": period.subscription_ref, "subscriber": period.external_id}
    return bool(unit.committed(_LIVE, bound))
