"""Subscriptions of every API version say the same fact: period, price, quantity and status moved and were renamed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.rules.facts.base import UNSET
from billing.rules.facts.subscription import SubscriptionFact
from billing.rules.states import SUBSCRIPTION
from providers.stripe.shapes.subscription import subscription
from tests.factories.stripe_money_out import stripe_event

pytestmark = pytest.mark.requirement("SUB-8", "INBOX-9")

START, END = 1_772_366_400, 1_775_044_800
FROM, TO = datetime.fromtimestamp(START, UTC), datetime.fromtimestamp(END, UTC)


def of_2017(**more: Any) -> dict[str, Any]:
    plan = {"id": "gold", "object": "plan", "amount": 900, "currency": "eur", "interval": "month", "interval_count": 3}
    return {
        "id": "sub_1",
        "object": "subscription",
        "customer": "cus_1",
        "status": "active",
        "billing": "charge_automatically",
        "start": START,
        "current_period_start": START,
        "current_period_end": END,
        "plan": plan,
        "quantity": 2,
        "items": {"object": "list", "data": [{"id": "si_1", "plan": plan, "quantity": 2}]},
        **more,
    }


def of_2020(**more: Any) -> dict[str, Any]:
    price = {
        "id": "gold",
        "object": "price",
        "unit_amount": 900,
        "currency": "eur",
        "product": "prod_1",
        "recurring": {"interval": "month", "interval_count": 3},
    }
    return {
        "id": "sub_1",
        "object": "subscription",
        "customer": {"id": "cus_1", "object": "customer"},
        "status": "active",
        "collection_method": "charge_automatically",
        "start_date": START,
        "current_period_start": START,
        "current_period_end": END,
        "items": {"object": "list", "data": [{"id": "si_1", "price": price, "quantity": 2}]},
        "quantity": 2,
        **more,
    }


def of_today(**more: Any) -> dict[str, Any]:
    found = of_2020(currency="eur")
    del found["current_period_start"], found["current_period_end"], found["quantity"]
    found["items"]["data"][0] |= {"current_period_start": START, "current_period_end": END}
    return found | more


def told(obj: dict[str, Any], event: str = "updated", **more: Any) -> SubscriptionFact:
    return subscription(stripe_event(f"customer.subscription.{event}", obj, **more))


@pytest.mark.parametrize("shape", [of_2017, of_2020, of_today])
def test_every_version_says_the_same(shape: Any) -> None:
    fact = told(shape())
    assert (fact.external_id, fact.customer_ref, fact.status) == ("sub_1", "cus_1", "active")
    assert (fact.current_period_start, fact.current_period_end) == (FROM, TO)
    assert (fact.cycle_unit, fact.cycle_count, fact.quantity, fact.currency) == ("month", 3, 2, "EUR")
    assert (fact.plan_ref, fact.started_at, fact.collection_method) == ("gold", FROM, "charge_automatically")
    assert isinstance(fact.items, list)
    [item] = fact.items
    assert (item["price_ref"], item["unit_amount_minor"], item["quantity"], item["currency"]) == ("gold", 900, 2, "EUR")


def test_the_period_is_the_widest_of_its_items() -> None:
    obj = of_today()
    obj["items"]["data"].append({"id": "si_2", "current_period_start": START - 60, "current_period_end": END - 60})
    fact = told(obj)
    assert fact.current_period_start == datetime.fromtimestamp(START - 60, UTC)
    assert fact.current_period_end == TO


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("incomplete", "pending"),
        ("trialing", "trialing"),
        ("active", "active"),
        ("past_due", "past_due"),
        ("unpaid", "unpaid"),
        ("paused", "paused"),
        ("canceled", "cancelled"),
        ("incomplete_expired", "expired"),
        ("something_new", "unknown"),
    ],
)
def test_statuses_in_our_words(theirs: str, ours: str) -> None:
    fact = told(of_today(status=theirs))
    assert (fact.status, fact.provider_status) == (ours, theirs)
    assert fact.version.phase == SUBSCRIPTION.place(ours)[0]


@pytest.mark.requirement("INBOX-17")
def test_a_deleted_one_is_cancelled_whatever_its_snapshot_says() -> None:
    fact = told(of_2017(status="active"), "deleted")
    assert (fact.status, fact.provider_status, fact.version.phase) == ("cancelled", "active", 2)
    assert told(of_today(status="incomplete_expired"), "deleted").status == "expired"


@pytest.mark.requirement("INBOX-17")
def test_created_is_the_oldest_of_its_second() -> None:
    created, updated = told(of_today(), "created", event_id="evt_z"), told(of_today(), "updated", event_id="evt_a")
    assert created.version < updated.version


def test_what_is_not_mentioned_is_unsaid() -> None:
    fact = told({"id": "sub_1", "status": "active"})
    assert {name for name, _ in fact.said()} == {"status", "provider_status"}
    assert fact.items is UNSET


def test_an_account_in_a_customers_place() -> None:
    assert told(of_today(customer=None, customer_account="acct_7")).customer_ref == "acct_7"
