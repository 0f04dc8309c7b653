"""What the app is told that a subscriber may do: by time alone, by his subscriptions, by suspensions (SUB-12, TRIAL-3, TRIAL-5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.operations.own_row import own_row
from models.base import OWN_SOURCE
from models.subscriber import Subscriber
from models.subscription import Subscription
from tests.factories.subscribers import do, price, product, subscriber
from tests.harness.machine import Machine
from workers.unit import Unit

_T0 = datetime(2027, 3, 1, 9, tzinfo=UTC)
_DAY = timedelta(days=1)


def _told(machine: Machine, at: datetime = _T0) -> Any:
    return machine.one("SELECT bursar_api.entitlements('alice', %s)", at)


def _subscribed(machine: Machine, status: str, **values: Any) -> None:
    def make(unit: Unit) -> None:
        subscriber(unit)
        product(unit, "free", free=True, limits={"events": 2}, credits=0)
        product(unit, "pro", limits={"events": 30, "seats": None}, trial_grace_days=2)
        row, _ = own_row(unit, Subscription, OWN_SOURCE, "s-1")
        given = {"subscriber_ref": "alice", "product_ref": "pro", "status": status, "quantity": 1, "started_at": _T0}
        for name, value in (given | values).items():
            setattr(row, name, value)

    do(machine.context, make)


def test_nobody_of_ours_has_no_snapshot(machine: Machine) -> None:
    assert _told(machine) is None


@pytest.mark.requirement("SUB-12")
def test_a_running_plan_grants_its_limits(machine: Machine) -> None:
    _subscribed(machine, "active", current_period_start=_T0, current_period_end=_T0 + 30 * _DAY)
    told = _told(machine)
    assert (told["plan"], told["limits"], told["blocked"], told["access_until"]) == ("pro", {"events": 30, "seats": None}, False, None)
    assert told["subscription"]["reference"] == "s-1"
    assert told["credits"]["balance"] == 0


@pytest.mark.requirement("TRIAL-3", "TRIAL-5", "SUB-12")
@pytest.mark.parametrize(
    ("days", "plan", "days_left", "blocked"),
    [(0, "pro", 14, False), (13.5, "pro", 1, False), (15.9, "pro", 0, False), (16, "free", 0, True)],
)
def test_a_trial_ends_after_its_grace_without_any_run(machine: Machine, days: float, plan: str, days_left: int, blocked: bool) -> None:
    _subscribed(machine, "trialing", trial_start_at=_T0, trial_end_at=_T0 + 14 * _DAY)
    told = _told(machine, _T0 + days * _DAY)
    assert (told["plan"], told["trial"]["days_left"], told["blocked"]) == (plan, days_left, blocked)


@pytest.mark.requirement("SUB-12")
def test_what_is_cancelled_runs_to_its_end_and_then_falls_to_the_free_plan(machine: Machine) -> None:
    _subscribed(machine, "active", cancel_at_period_end=True, current_period_end=_T0 + 5 * _DAY)
    assert _told(machine, _T0 + 4 * _DAY)["plan"] == "pro"
    assert datetime.fromisoformat(_told(machine)["access_until"]) == _T0 + 5 * _DAY
    assert _told(machine, _T0 + 5 * _DAY)["limits"] == {"events": 2}


@pytest.mark.requirement("SUB-12", "SUB-9")
def test_who_is_suspended_is_blocked_and_told_why(machine: Machine) -> None:
    _subscribed(machine, "active")

    def suspend(unit: Unit) -> None:
        row = unit.row(Subscriber, OWN_SOURCE, "alice")
        row.suspended_at, row.suspended_because = unit.now, "unpaid for 30 days"

    do(machine.context, suspend)
    assert (_told(machine)["blocked"], _told(machine)["blocked_because"]) == (True, "unpaid for 30 days")


@pytest.mark.requirement("SUB-11")
def test_the_catalogue_shows_the_prices_that_hold_for_new_customers(machine: Machine) -> None:
    def offer(unit: Unit) -> None:
        product(unit, "pro")
        product(unit, "old", status="retired")
        price(unit, "pro", 2_000)
        price(unit, "pro", 2_500, version=2, effective_for_new_at=_T0)

    do(machine.context, offer)
    seen = "SELECT product, prices FROM bursar_api.catalogue(%s)"
    assert [(row[0], row[1][0]["unit_amount_minor"]) for row in machine.all(seen, _T0 - _DAY)] == [("pro", 2_000)]
    assert [(row[0], row[1][0]["unit_amount_minor"]) for row in machine.all(seen, _T0)] == [("pro", 2_500)]
