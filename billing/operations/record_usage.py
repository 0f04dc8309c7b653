"""Records measurements: each key once, added to its counter, set by set (USAGE-1, USAGE-3).

A measurement counts in the period in which it was made. One that comes after its period's end still does, as long as that is the
period before the running one; it raises no alert any more. What is older is kept and counts nowhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from billing.operations.alert_usage import alert_usage
from billing.operations.announce_entitlements import announce_entitlements
from billing.operations.open_usage_period import counters_of
from billing.operations.own_row import own_row
from billing.operations.report_usage import report_usage
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.usage import Measured, RecordUsage, UsageRecorded
from billing.rules.usage import Sum, added
from models.base import OWN_SOURCE
from models.meter import Meter
from models.usage_counter import UsageCounter
from models.usage_event import UsageEvent
from models.usage_item import UsageItem
from models.usage_period import UsagePeriod

AHEAD = timedelta(hours=1)
"""Other machines' clocks may be so far ahead of ours."""

_METERS = """SELECT external_id, name, aggregation, rounding, unit_size, limit_name, alert_percents, provider_event_name
             FROM bursar.meter WHERE external_id = ANY (%(refs)s) AND versions <> '{}'"""
_COLUMNS = ("external_id", "name", "aggregation", "rounding", "unit_size", "limit_name", "alert_percents", "provider_event_name")


@dataclass(slots=True)
class Change:
    """What a command adds to one counter."""

    counter: UsageCounter
    meter: Meter
    late: bool
    value_before: int
    events: int = 0


def record_usage(unit: UnitOfWork, command: RecordUsage) -> UsageRecorded:
    """Record all of it, or refuse all.

    Raises:
        Rejected: see the command's REFUSALS.
    """
    measured = command.measured()
    meters = meters_of(unit, {one.meter for one in measured})
    new: dict[str, Measured] = {}
    for one in measured:
        _refuse(unit, one, meters.get(one.meter))
        if _is_new(unit, one):
            new[one.key] = one
    placed = [(one, *_counter_of(unit, one)) for one in new.values()]
    _load(unit, [(one, counter) for one, counter, _ in placed if counter is not None], meters)
    changes: dict[str, Change] = {}
    for one, counter, late in placed:
        _keep(unit, one, counter, late=late)
        if counter is not None:
            _add(unit, changes, one, counter, meters[one.meter], late=late)
    alert_usage(unit, [(one.counter, one.meter) for one in changes.values() if not one.late])
    report_usage(unit, [(one.counter, one.meter, one.value_before) for one in changes.values()])
    for ref in {one.subscriber_ref for one in new.values()}:
        announce_entitlements(unit, ref)
    lost = sum(counter is None for _, counter, _ in placed)
    return UsageRecorded(
        recorded=len(new), known=len(measured) - len(new), late=sum(late for _, _, late in placed) - lost, too_late=lost
    )


def meters_of(unit: UnitOfWork, refs: set[str]) -> dict[str, Meter]:
    """Those that are defined, read without a lock: everybody's usage goes through them."""
    found = {row["external_id"]: Meter(**{name: row[name] for name in _COLUMNS}) for row in unit.committed(_METERS, {"refs": sorted(refs)})}
    return found | {row.external_id: row for row in unit.known if isinstance(row, Meter) and row.external_id in refs and not row.incomplete}


def _refuse(unit: UnitOfWork, one: Measured, meter: Meter | None) -> None:
    if meter is None:
        raise Rejected("unknown_meter", f"no meter {one.meter} is defined", {"current": one.meter, "field": "events"})
    if meter.aggregation == "unique" and one.item is None:
        raise Rejected("item_missing", f"{one.key} names no item", {"current": one.key, "field": "events"})
    if one.used_at is not None and one.used_at > unit.now + AHEAD:
        raise Rejected("in_the_future", f"{one.key} is of {one.used_at.isoformat()}", {"current": one.key, "field": "events"})


def _is_new(unit: UnitOfWork, one: Measured) -> bool:
    row = unit.row(UsageEvent, OWN_SOURCE, one.key)
    if row.incomplete:
        own_row(unit, UsageEvent, OWN_SOURCE, one.key)
        row.subscriber_ref, row.meter_ref, row.quantity, row.item = one.subscriber_ref, one.meter, one.quantity, one.item
        row.used_at = one.used_at or unit.now
        return True
    known = (row.subscriber_ref, row.meter_ref, row.quantity, row.item)
    if known != (one.subscriber_ref, one.meter, one.quantity, one.item) or one.used_at not in (None, row.used_at):
        raise Rejected("key_used", f"{one.key} is known with other values", {"current": one.key, "field": "events"})
    return False


def _counter_of(unit: UnitOfWork, one: Measured) -> tuple[str | None, bool]:
    """(the counter's external id, whether that is of the period before); None: it is too late."""
    period = unit.row(UsagePeriod, OWN_SOURCE, one.subscriber_ref)
    used_at = one.used_at or unit.now
    if period.period_start is None or used_at >= period.period_start:
        return f"{counters_of(period)}:{one.meter}", False
    if period.before_ref is None or (period.before_start is not None and used_at < period.before_start):
        return None, True
    return f"{period.before_ref}:{one.meter}", unit.now >= period.period_start


def _load(unit: UnitOfWork, placed: Sequence[tuple[Measured, str]], meters: Mapping[str, Meter]) -> None:
    unit.load((UsageCounter.NAME, OWN_SOURCE, counter) for _, counter in placed)
    unit.load((UsageItem.NAME, OWN_SOURCE, _item(one, counter)) for one, counter in placed if meters[one.meter].aggregation == "unique")


def _item(one: Measured, counter: str) -> str:
    return f"{counter}:{hashlib.sha256((one.item or '').encode()).hexdigest()}"


def _keep(unit: UnitOfWork, one: Measured, counter: str | None, *, late: bool) -> None:
    row = unit.row(UsageEvent, OWN_SOURCE, one.key)
    row.counter_ref, row.late = counter, late


def _add(unit: UnitOfWork, changes: dict[str, Change], one: Measured, ref: str, meter: Meter, *, late: bool) -> None:
    counter, new = own_row(unit, UsageCounter, OWN_SOURCE, ref)
    if new:
        _begin(unit, counter, one, ref)
    change = changes.setdefault(ref, Change(counter, meter, late, counter.value or 0))
    new_item = meter.aggregation == "unique" and own_row(unit, UsageItem, OWN_SOURCE, _item(one, ref))[1]
    before = Sum(counter.value or 0, counter.last_at)
    after = added(meter.aggregation or "", before, one.quantity, one.used_at or unit.now, new_item=new_item)
    counter.value, counter.last_at, counter.events = after.value, after.last_at, (counter.events or 0) + 1
    change.events += 1


def _begin(unit: UnitOfWork, counter: UsageCounter, one: Measured, ref: str) -> None:
    period = unit.row(UsagePeriod, OWN_SOURCE, one.subscriber_ref)
    counter.subscriber_ref, counter.meter_ref, counter.value, counter.events, counter.reports = one.subscriber_ref, one.meter, 0, 0, 0
    counter.alerted = []
    if ref == f"{counters_of(period)}:{one.meter}" and period.period_start is not None:
        counter.subscription_source, counter.subscription_ref = period.subscription_source, period.subscription_ref
        counter.period_start, counter.period_end = period.period_start, period.period_end
    elif period.before_start is not None and period.before_ref is not None:
        counter.subscription_source, _, rest = period.before_ref.partition(":")
        counter.subscription_ref = rest.rpartition(":")[0]
        counter.period_start, counter.period_end = period.before_start, period.period_start
