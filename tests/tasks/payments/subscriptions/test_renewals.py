"""The renewal run on real rows: month ends, leap years and summer time, runs that were missed, and two of them at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.operations.start_subscription import start_subscription
from billing.rules.commands.subscriptions import StartSubscription
from core.clock import FixedClock
from tasks.payments.runs import renew_subscriptions
from tests.factories.subscribers import do, price, product, subscriber
from tests.harness.machine import Machine
from workers.context import make_context


@pytest.fixture
def free(machine: Machine) -> Machine:
    """A plan that costs nothing, so that no payment stands between two periods."""

    def define(unit: Any) -> None:
        product(unit, "free", free=True)
        product(unit)
        price(unit)

    do(machine.context, define)
    return machine


def _starts(machine: Machine, at: datetime, ref: str = "ann", **values: Any) -> None:
    machine.clock.move_to(at)
    asked = {"product": "free", "currency": "EUR"} | {name: value for name, value in values.items() if name != "zone"}
    command = StartSubscription(reference=f"sub-{ref}", subscriber_ref=ref, **asked)
    do(machine.context, lambda unit: subscriber(unit, ref, zone=values.get("zone", "UTC")))
    do(machine.context, lambda unit: start_subscription(unit, command))


def _runs(machine: Machine, at: datetime) -> int:
    machine.clock.move_to(at)
    told = renew_subscriptions(machine.context, at)
    assert told["failed"] == 0, machine.all("SELECT error FROM bursar.run_failure")
    return int(told["items"])


def _starts_of(machine: Machine) -> list[str]:
    rows = machine.all("SELECT period_start, period_end FROM bursar.subscription_period ORDER BY period_start")
    assert [row[1] for row in rows[:-1]] == [row[0] for row in rows[1:]], "no gap and no overlap"
    return [row[0].astimezone(UTC).isoformat(timespec="minutes")[:16] for row in rows]


@pytest.mark.requirement("SUB-3", "SUB-13")
@pytest.mark.parametrize(
    ("begun", "zone", "unit", "until", "starts"),
    [
        (datetime(2027, 1, 31, 9, tzinfo=UTC), "UTC", "month", datetime(2027, 4, 1, tzinfo=UTC),
         ["2027-01-31T09:00", "2027-02-28T09:00", "2027-03-31T09:00"]),
        (datetime(2028, 2, 29, 9, tzinfo=UTC), "UTC", "year", datetime(2032, 3, 1, tzinfo=UTC),
         ["2028-02-29T09:00", "2029-02-28T09:00", "2030-02-28T09:00", "2031-02-28T09:00", "2032-02-29T09:00"]),
        (datetime(2027, 3, 26, 23, tzinfo=UTC), "Europe/Bucharest", "day", datetime(2027, 3, 29, 23, tzinfo=UTC),
         ["2027-03-26T23:00", "2027-03-27T23:00", "2027-03-28T22:00", "2027-03-29T22:00"]),
    ],
    ids=["31 January", "29 February", "summer time"],
)  # fmt: skip
def test_what_was_missed_is_billed_period_by_period(
    free: Machine, begun: datetime, zone: str, unit: str, until: datetime, starts: list[str]
) -> None:
    _starts(free, begun, zone=zone, cycle_unit=unit)
    assert _runs(free, until) == 1
    assert _starts_of(free) == starts
    assert _runs(free, until + timedelta(minutes=1)) == 0


@pytest.mark.requirement("SUB-3")
def test_two_runs_at_once_bill_each_period_once(free: Machine) -> None:
    begun = datetime(2027, 1, 1, tzinfo=UTC)
    for number in range(12):
        _starts(free, begun, f"s{number:02}", product="pro")
    with free.connect() as connection:
        connection.execute("UPDATE bursar.subscription SET status = 'active', grace_until = NULL")
    at, told = begun + timedelta(days=40), []
    clocks = [make_context(free.database.settings(), clock=FixedClock(at)) for _ in range(2)]
    threads = [threading.Thread(target=lambda one=one: told.append(renew_subscriptions(one, at))) for one in clocks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in clocks:
        one.engine.dispose()
    _runs(free, at)  # whom both passed over
    assert free.one("SELECT count(*) FROM bursar.subscription_period") == 24
    assert free.one("SELECT count(*) FROM bursar.invoice") == 24
    assert free.one("SELECT count(*) FROM bursar.payment_request") == 24
