"""Tells a provider's meter what was used, if the meter has one there (USAGE-5): one call per counter and command, not one per event."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from billing.operations.move_request import move_request
from billing.operations.own_row import own_row
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact
from billing.rules.states_credits import METER_REPORT
from models.base import OWN_SOURCE
from models.meter import Meter
from models.meter_report import MeterReport
from models.subscriber import Subscriber
from models.usage_counter import UsageCounter

log = structlog.get_logger(__name__)

TOLD = frozenset({"stripe"})
"""Providers that have meters."""
_STANDING = frozenset({"last", "max"})
"""Aggregations of which the provider is told the standing; of the others, what came on top."""


def report_usage(unit: UnitOfWork, counted: Sequence[tuple[UsageCounter, Meter, int]]) -> None:
    """Called with the counters that changed, and what each was before. Who does not pay there is told of nowhere."""
    for counter, meter, before in counted:
        value = counter.value or 0
        quantity = value if meter.aggregation in _STANDING else value - before
        if meter.provider_event_name is None or quantity == 0 or value == before:
            continue
        subscriber = unit.row(Subscriber, OWN_SOURCE, counter.subscriber_ref or "")
        if subscriber.pay_source not in TOLD or subscriber.pay_customer_ref is None:
            continue
        counter.reports = (counter.reports or 0) + 1
        row, _ = own_row(unit, MeterReport, subscriber.pay_source or "", f"{counter.external_id}:{counter.reports}")
        row.counter_ref, row.customer_ref, row.event_name = counter.external_id, subscriber.pay_customer_ref, meter.provider_event_name
        row.quantity, row.used_at = quantity, counter.last_at
        move_request(unit, row, METER_REPORT, "pending", quantity=quantity, counter=counter.external_id)
        at = counter.last_at or unit.now
        unit.submit("meter_event.create", row, values={
            "event_name": row.event_name, "metered_customer_ref": row.customer_ref, "metered_value": str(quantity),
            "identifier": row.id.hex, "used_at": int(at.timestamp()),
        }, queue="payments", lane=row.customer_ref or "")  # fmt: skip


def settle_meter_report(unit: UnitOfWork, fact: AnswerFact) -> None:
    """The provider's meter has it, or refuses it: then our own counter still does, and the log says so."""
    row = unit.row(MeterReport, fact.source, fact.external_id)
    if row.status != "pending":
        return
    row.completed_at = unit.now
    if fact.accepted:
        move_request(unit, row, METER_REPORT, "accepted")
        return
    row.failure_code, row.failure_message = fact.error_code, fact.error_message
    move_request(unit, row, METER_REPORT, "failed", code=row.failure_code)
    log.warning(
        "meter_report_refused", report=row.external_id, event_name=row.event_name, code=row.failure_code,
        effect="our counter has it, the provider's meter does not", next_step="mend the meter there; what it misses is in meter_report",
    )  # fmt: skip
