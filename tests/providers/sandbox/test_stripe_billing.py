"""Stripe's own billing in the stand-in: renewals on the anchor's day, four tries, and an end that was wished."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.clock import FixedClock
from providers.sandbox.stripe import billing, catalogue, customers, tick
from providers.sandbox.stripe.call import Call
from providers.sandbox.stripe.problems import Json, Problem
from providers.sandbox.stripe.world import World

BEGINS = datetime(2028, 1, 31, 9, tzinfo=UTC)
_POOR = "pm_card_chargeDeclinedInsufficientFunds"


@pytest.fixture
def world() -> World:
    """An empty one, whose lock this test holds."""
    made = World(clock=FixedClock(BEGINS), token="TEST")
    made.lock.acquire()
    return made


def _subscribed(world: World, method: str = "pm_card_visa") -> Json:
    price = catalogue.price(world, Call("POST", "/v1/prices", {
        "currency": "eur", "unit_amount": "2000", "product": "prod_pro", "recurring": {"interval": "month"},
    }))  # fmt: skip
    customer = customers.create(world, Call("POST", "/v1/customers", {}))
    return billing.begin(world, customer["id"], price, 2, method)


def _after(world: World, **time: float) -> None:
    clock = world.clock
    assert isinstance(clock, FixedClock)
    clock.move_to(clock.now() + timedelta(**time))
    tick.tick(world)


def _told(world: World) -> list[str]:
    return [event["type"] for event in world.table("event").rows if event["type"].startswith(("invoice.", "customer.subscription"))]


def _taken(world: World) -> list[int]:
    return [one["amount"] for one in world.effects if one["kind"] == "capture"]


def test_periods_are_counted_from_the_anchor_and_each_is_paid_once(world: World) -> None:
    sub = _subscribed(world)
    for _ in range(60):
        _after(world, days=1)
    ends = [event["data"]["object"]["items"]["data"][0]["current_period_end"] for event in world.table("event").rows
            if event["type"].startswith("customer.subscription.")]  # fmt: skip
    days = [datetime.fromtimestamp(end, UTC).strftime("%m-%d") for end in ends]
    assert days == ["02-29", "03-31", "04-30"]
    assert _taken(world) == [4000, 4000, 4000]
    invoices = world.table("invoice").rows
    assert [(one["billing_reason"], one["status"]) for one in invoices] == [("subscription_create", "paid")] + 2 * [
        ("subscription_cycle", "paid")
    ]
    paid_by = invoices[-1]["payments"]["data"][0]["payment"]["payment_intent"]
    assert world.get("payment_intent", paid_by)["status"] == "succeeded"
    assert sub["status"] == "active"


def test_a_declined_card_is_tried_four_times_and_a_better_one_saves_it(world: World) -> None:
    sub = _subscribed(world)
    billing.takes(world, sub["id"], _POOR)
    _after(world, days=29)
    assert (sub["status"], world.table("invoice").rows[-1]["attempt_count"]) == ("past_due", 1)
    billing.takes(world, sub["id"], "pm_card_visa")
    _after(world, days=3)
    assert (sub["status"], _taken(world)) == ("active", [4000, 4000])
    billing.takes(world, sub["id"], _POOR)
    for _ in range(45):
        _after(world, days=1)
    assert (sub["status"], world.table("invoice").rows[-1]["status"], len(_taken(world))) == ("canceled", "open", 2)
    assert _told(world).count("invoice.payment_failed") == 5
    assert _told(world)[-1] == "customer.subscription.deleted"


def test_an_end_that_was_wished_comes_with_the_period_and_nothing_is_taken_for_the_next(world: World) -> None:
    sub = _subscribed(world)
    assert billing.cancel_at_period_end(world, sub["id"])
    assert not billing.cancel_at_period_end(world, sub["id"])
    _after(world, days=28)
    assert sub["status"] == "active"
    _after(world, days=40)
    assert (sub["status"], _taken(world)) == ("canceled", [4000])


def test_a_first_payment_that_is_declined_makes_no_subscription(world: World) -> None:
    with pytest.raises(Problem):
        _subscribed(world, _POOR)
    assert world.table("subscription").rows == []
    assert _taken(world) == []
