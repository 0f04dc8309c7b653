"""Subscriptions that PayPal bills end there by our wish, once, whatever becomes of the reply (SUB-6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from providers.paypal.client import request_id
from tasks.payments.runs import end_with_period
from tests.factories.organisations import Organisations
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
    linked = {"source": "paypal", "customer_ref": "PAYER1", "external_ref": "ann"}
    assert market.machine.run("billing.customer.link.v1", linked)["state"] == "succeeded"
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
def test_an_end_that_nobody_knows_is_refused_and_the_payers_own_end_counts(market: Market, theirs: str) -> None:
    market.machine.all("UPDATE bursar.subscription SET current_period_end = NULL RETURNING 1")
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


def _runs(market: Market, at: datetime) -> None:
    """The run, at that time, and what follows."""
    market.machine.clock.move_to(at)
    assert end_with_period(market.machine.context, at)["failed"] == 0
    while market.machine.work():
        pass
    for event in market.control.take_events():
        market.machine.deliver(event, "paypal")
    while market.machine.work():
        pass


def _may(market: Market, at: datetime | None = None) -> tuple[str, str | None, str]:
    """(account, plan, status of the subscription) as the app is told."""
    told = market.machine.one("SELECT bursar_api.entitlements('ann', %s)", at or market.machine.clock.now())
    return told["status"], told["plan"], (told["subscription"] or {}).get("status", "none")


@pytest.mark.requirement("SUB-6", "SUB-11", "SUB-9", "AUDIT-2")
def test_it_ends_with_its_period_and_what_was_paid_for_holds_until_then(market: Market, theirs: str) -> None:
    assert _asks(market, "period_end")["result"]["ending"] == [theirs]
    end = market.machine.one("SELECT current_period_end FROM bursar.subscription WHERE external_id = %s", theirs)
    _runs(market, end - timedelta(days=2))
    assert (market.submissions(), market.row("subscription", theirs)["cancel_at_period_end"]) == ([], True)

    market.control.fault("error_before", path="/cancel$", status=403)
    _runs(market, end - timedelta(hours=23))
    assert market.machine.all("SELECT action, status FROM bursar.subscription_request") == [("cancel", "failed")]
    _runs(market, end - timedelta(hours=22))
    assert len(market.submissions()) == 1, "what was refused is not asked for at once again"
    _runs(market, end - timedelta(hours=12))
    assert market.row("subscription", theirs)["status"] == "cancelled"
    assert len(market.effects("subscription_cancelled")) == 1
    assert _may(market) == ("active", "pro", "cancelled")
    until = "SELECT (bursar_api.entitlements('ann', %s) ->> 'access_until')::timestamptz"
    assert market.machine.one(until, market.machine.clock.now()) == end
    assert _may(market, end)[1] == "free", "time alone ends it, without a run"
    _runs(market, end + timedelta(minutes=5))
    assert _may(market) == ("cancelled", "free", "none")
    [(reason,)] = market.machine.all("SELECT after ->> 'reason' FROM bursar.audit WHERE action = 'subscription.cancel_planned'")
    assert reason == "too dear"


@pytest.mark.requirement("SUB-5", "SUB-6")
def test_the_wish_is_taken_back_while_paypal_was_not_asked(market: Market, theirs: str) -> None:
    _asks(market, "period_end")
    end = market.machine.one("SELECT current_period_end FROM bursar.subscription WHERE external_id = %s", theirs)
    wish = {"reference": theirs, "subscriber_ref": "ann", "source": "paypal", "reason": "stays"}
    told = market.machine.run("billing.subscriptions.reactivate.v1", wish)
    assert (told["result"]["cancel_at_period_end"], told["result"]["status"]) == (False, "active")
    _runs(market, end - timedelta(hours=3))
    assert (market.submissions(), _may(market)) == ([], ("active", "pro", "active"))
    _asks(market, "now")
    market.settle()
    told = market.machine.run("billing.subscriptions.reactivate.v1", wish)
    assert told["code"] == "ended"


@pytest.mark.requirement("SUB-4", "SUB-8")
def test_what_only_its_payer_can_change_is_refused_with_a_word_where(market: Market, theirs: str) -> None:
    change = {"reference": theirs, "subscriber_ref": "ann", "quantity": 3, "when": "now"}
    told = market.machine.run("billing.subscriptions.change.v1", change)
    assert (told["code"], told["details"]["current"]) == ("unknown_subscription", "paypal")
    assert "only its payer can change" in told["message"]
    assert market.submissions() == []


@pytest.mark.requirement("SEAT-6", "SUB-6")
def test_an_own_plan_at_paypal_ends_for_a_seat_and_goes_on_when_it_is_given_up(market: Market, theirs: str) -> None:
    school = Organisations(market.machine)
    assert school.says("ann")["ending"] == [f"paypal {theirs}"]
    assert market.row("subscription", theirs)["cancel_at_period_end"] is True
    school.leaves("ann")
    row = market.row("subscription", theirs)
    assert (row["cancel_at_period_end"], row["status"], market.submissions()) == (False, "active", [])
    assert school.says("ann", at=market.machine.clock.now() + timedelta(seconds=5))["ending"] == [f"paypal {theirs}"]
    assert _asks(market, "period_end")["state"] == "succeeded"
    market.machine.clock.move_to(market.machine.clock.now() + timedelta(minutes=1))
    school.leaves("ann")
    assert market.row("subscription", theirs)["cancel_at_period_end"] is True, "he wanted that himself, too"
