"""Tells a subscriber that much of a limit is used, once per threshold, meter and period (USAGE-4)."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from billing.operations.send_mail import addressee, send_mail
from billing.operations.unit import UnitOfWork
from billing.rules.usage import alerts_at, shown
from emails.told import UsageAlert
from emails.values import Moment
from models.base import OWN_SOURCE
from models.meter import Meter
from models.subscriber import Subscriber
from models.usage_counter import UsageCounter

log = structlog.get_logger(__name__)

_LIMITS = """SELECT s.source, s.external_id, p.limits FROM bursar.subscription s JOIN bursar.product p
             ON p.source = 'bursar' AND p.external_id = s.product_ref
             WHERE s.source = ANY (%(sources)s) AND s.external_id = ANY (%(refs)s)"""


def alert_usage(unit: UnitOfWork, counted: Sequence[tuple[UsageCounter, Meter]]) -> None:
    """Called with the counters that grew. Whoever passes two thresholds at once gets the mail of the higher one only."""
    refs = {counter.subscription_ref for counter, meter in counted if counter.subscription_ref and meter.alert_percents}
    if not refs:
        return
    bound = {"refs": sorted(refs), "sources": sorted({counter.subscription_source or "" for counter, _ in counted})}
    limits = {(row["source"], row["external_id"]): row["limits"] or {} for row in unit.committed(_LIMITS, bound)}
    for counter, meter in counted:
        of = limits.get((counter.subscription_source or "", counter.subscription_ref or ""), {})
        limit = of.get(meter.limit_name)
        used = shown(counter.value or 0, meter.unit_size or 1, meter.rounding or "none")
        reached = alerts_at(used, limit, meter.alert_percents or [], counter.alerted or [])
        if reached and limit:
            counter.alerted = sorted({*(counter.alerted or []), *reached})
            _tell(unit, counter, meter, used, limit, reached[-1])


def _tell(unit: UnitOfWork, counter: UsageCounter, meter: Meter, used: int, limit: int, percent: int) -> None:
    subscriber = unit.row(Subscriber, OWN_SOURCE, counter.subscriber_ref or "")
    if not subscriber.email:
        log.info("subscriber_not_told", mail="usage_alert", counter=counter.external_id, percent=percent, cause="no address is known")
        return
    until = Moment.of(counter.period_end) if counter.period_end else None
    context = UsageAlert(meter=meter.name or meter.external_id, used=used, limit=limit, percent=percent, until=until)
    named = (counter.external_id, str(percent))
    send_mail(unit, "usage_alert", addressee(subscriber), context, *named, lane=f"mail:usage_alert:{counter.external_id}")
