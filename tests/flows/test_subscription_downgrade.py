"""Down to the free plan: refused while paid things are in use; ours ends here, a provider's is cancelled there (SUB-6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from providers.sandbox.stripe.events import emit
from tests.factories.subscribers import do, price, product
from tests.factories.subscriptions import Billing
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox

_WHO = {"subscriber_ref": "ann"}


@pytest.fixture
def billing(database: Database, stripe_sandbox: Sandbox) -> Iterator[Billing]:
    """Ann has Pro from us, and a subscription that Stripe bills."""
    machine = Machine(database, **stripe_sandbox.settings())
    made = Billing(machine, stripe_sandbox.control)
    do(machine.context, lambda unit: (product(unit, "free", free=True), product(unit, "pro"), price(unit)))
    made.customer = made.created("ann")
    made.defines("ann", payment_method_ref="pm_card_visa")
    made.starts("ann", "sub-1")
    world = stripe_sandbox.standin.api.world
    with world.lock:
        item = world.base("subscription_item", "si") | {"quantity": 1, "price": {"id": "price_pro"}, "current_period_start": world.now(),
                                                        "current_period_end": world.now() + 30 * 86_400}  # fmt: skip
        theirs = world.base("subscription", "sub") | {
            "customer": made.customer, "status": "active", "cancel_at_period_end": False, "cancel_at": None, "canceled_at": None,
            "ended_at": None, "currency": "eur", "collection_method": "charge_automatically", "metadata": {},
            "items": {"object": "list", "data": [item], "has_more": False, "url": "/v1/subscription_items"},
        }  # fmt: skip
        world.add(theirs, None)
        emit(world, "customer.subscription.created", theirs)
    made.webhooks()
    yield made
    machine.close()


def _downgrades(billing: Billing, **values: Any) -> dict[str, Any]:
    return billing.asks("billing.subscriptions.downgrade.v1", _WHO | {"when": "period_end"} | values)


def _theirs(billing: Billing) -> tuple[Any, ...]:
    return billing.machine.all("SELECT status, cancel_at_period_end FROM bursar.subscription WHERE source = 'stripe'")[0]


@pytest.mark.requirement("SUB-6")
@pytest.mark.parametrize("in_use", [{"paid_features": ["exports"]}, {"active_events": 2}])
def test_it_is_refused_while_paid_features_or_events_are_in_use(billing: Billing, in_use: dict[str, Any]) -> None:
    told = _downgrades(billing, when="now", **in_use)
    assert (told["state"], told["code"]) == ("rejected", "in_use")
    assert (billing.status("sub-1"), _theirs(billing)) == ("active", ("active", False))
    assert [call["path"] for call in billing.stripe.calls() if "/v1/subscriptions" in call["path"]] == []


@pytest.mark.requirement("SUB-6", "SUB-8")
def test_at_the_periods_end_both_end_and_asking_again_calls_nobody(billing: Billing) -> None:
    assert len(_downgrades(billing)["ending"]) == 2
    billing.webhooks()
    assert _theirs(billing) == ("active", True)
    _downgrades(billing)
    calls = [call["method"] for call in billing.stripe.calls() if "/v1/subscriptions" in call["path"]]
    assert calls == ["POST"]
    assert billing.machine.all("SELECT action, status FROM bursar.subscription_request") == [("cancel_at_period_end", "done")]


@pytest.mark.requirement("SUB-6", "SUB-9")
def test_now_both_are_over_even_if_the_providers_reply_is_lost(billing: Billing) -> None:
    billing.stripe.fault("lost_reply", "/v1/subscriptions")
    _downgrades(billing, when="now")
    billing.webhooks()
    assert (billing.status("sub-1"), _theirs(billing)[0]) == ("cancelled", "cancelled")
    assert billing.machine.all("SELECT action, status FROM bursar.subscription_request") == [("cancel", "done")]
    assert billing.machine.one("SELECT status FROM bursar.subscriber") == "cancelled"
