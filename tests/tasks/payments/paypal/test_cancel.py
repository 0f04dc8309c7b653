"""Subscriptions that PayPal bills end there by our wish, once, whatever becomes of the reply (SUB-6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from providers.paypal.client import request_id
from tests.factories.subscribers import do, product, subscriber
from tests.tasks.payments.paypal.market import Market

_DOWNGRADE = "billing.subscriptions.downgrade.v1"


@pytest.fixture
def theirs(market: Market) -> str:
    """Ann's subscription at PayPal, by its id there."""

    def define(unit: Any) -> None:
        product(unit, "free", free=True)
        product(unit, "pro", provider_refs=["P-PRO"])
        subscriber(unit, "ann", pay_source="paypal", pay_customer_ref="PAYER1")

    do(market.machine.context, define)
    made = market.control.tell("subscription", plan="P-PRO", payer="PAYER1")
    market.deliver()
    market.machine.all("UPDATE bursar.subscription SET subscriber_ref = 'ann', product_ref = 'pro' RETURNING 1")
    return str(made["id"])


def _asks(market: Market, when: str) -> dict[str, Any]:
    told = market.machine.run(_DOWNGRADE, {"subscriber_ref": "ann", "when": when, "reason": "too dear"})
    return told | (told.get("error") or {})


@pytest.mark.requirement("SUB-6", "SUB-8")
@pytest.mark.parametrize("fault", [None, "lost_reply", "error_after"])
def test_it_is_cancelled_once_and_the_mirror_follows(market: Market, theirs: str, fault: str | None) -> None:
    if fault is not None:
        market.control.fault(fault, path="/cancel$")
    assert _asks(market, "now")["state"] == "succeeded"
    market.settle()
    assert market.row("subscription", theirs)["status"] == "cancelled"
    assert market.row("subscription", theirs)["cancellation_reason"] == "too dear"
    assert market.machine.all("SELECT action, status FROM bursar.subscription_request") == [("cancel", "done")]
    assert len(market.effects("subscription_cancelled")) == 1
    assert market.submissions() == [("subscription.cancel", "settled", "accepted", 1)]
    _asks(market, "now")
    assert market.machine.one("SELECT count(*) FROM bursar.submission") == 1


@pytest.mark.requirement("SUB-6")
def test_an_end_with_the_period_is_refused_and_the_payers_own_end_counts(market: Market, theirs: str) -> None:
    told = _asks(market, "period_end")
    assert (told["state"], told["code"]) == ("rejected", "not_cancellable_here")
    assert market.submissions() == []
    world = market.paypal.standin.world
    with world.lock:
        world.find("subscription", theirs)["status"] = "CANCELLED"
    assert _asks(market, "now")["state"] == "succeeded", "what PayPal has not told yet is not known"
    market.settle()
    assert market.machine.all("SELECT status, failure_code FROM bursar.subscription_request") == [("failed", "SUBSCRIPTION_STATUS_INVALID")]


@pytest.mark.requirement("SUB-6", "PAY-2")
def test_past_the_keys_life_it_is_looked_up_and_not_sent_again(market: Market, theirs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = market.paypal.standin.world.config
    config.subscriptions_life_s = 100
    market.forget_keys(monkeypatch, "subscription.cancel")
    market.control.fault("lost_reply", path="/cancel$", times=3)
    _asks(market, "now")
    market.machine.settle(timedelta(days=6))
    market.settle()
    assert market.machine.all("SELECT status FROM bursar.subscription_request") == [("done",)]
    assert len(market.effects("subscription_cancelled")) == 1
    assert len(request_id("/v1/billing/subscriptions/x/cancel", "k" * 64)) <= 38
