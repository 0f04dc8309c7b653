"""A settled period begins its counters at zero: they are rows of their own, so nothing is set back and nothing lost (USAGE-1, USAGE-2, T4).

A subscriber's usage counts in the periods of one subscription: the first that was settled, until that one ends.
"""

from __future__ import annotations

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
    period.before_ref, period.before_start = counters_of(period), period.period_start
    if period.before_start is not None and period.before_start >= start:
        period.before_ref = period.before_start = None  # of a subscription that has ended
    period.subscription_source, period.subscription_ref = row.source, row.external_id
    period.period_start, period.period_end = start, period_end(row, start)
    announce_entitlements(unit, row.subscriber_ref)


def counters_of(period: UsagePeriod) -> str:
    """How the names of the running period's counters begin; before any period was settled they run without an end."""
    if period.period_start is None:
        return f"none:{period.external_id}:"
    return f"{period.subscription_source}:{period.subscription_ref}:{stamp(period.period_start)}"


def _counts(unit: UnitOfWork, period: UsagePeriod) -> bool:
    bound = {"source": period.subscription_source, "ref": period.subscription_ref, "subscriber": period.external_id}
    return bool(unit.committed(_LIVE, bound))
