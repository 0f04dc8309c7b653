"""A checkout at PayPal from the app's command to the money: an approved order is captured once, whatever the replies do (PAY-18)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core.clock import Clock
from providers.paypal import client
from tests.tasks.payments.paypal.market import Market

CAPTURE = r"/capture$"
LOST = ("lost_reply", "error_after", "error_before", "reset_before", "rate_limit", "conflict", "hold_after")


@pytest.mark.requirement("PAY-18", "PAY-9")
def test_an_approved_order_is_captured_once_and_pays_its_purpose(market: Market) -> None:
    asked = market.checkout()
    assert asked["status"] == "open"
    assert asked["url"].startswith("https://www.sandbox.paypal.com/checkoutnow?token=")
    market.control.tell("approve", order=asked["checkout_ref"])
    market.settle(copies=2, shuffle=True)
    request = market.row("checkout_request", "C-1")
    assert (request["status"], request["url"]) == ("completed", None)
    assert market.effects("capture") == [(12100, "EUR")]
    payment = market.row("payment", request["payment_ref"])
    assert (payment["status"], payment["amount_minor"], payment["confirmed"]) == ("succeeded", 12100, True)
    assert market.row("checkout", asked["checkout_ref"])["purchase_status"] == "paid"
    assert market.machine.all("SELECT purpose, status FROM bursar.fulfilment") == [("credit_package", "granted")]
    assert market.submissions() == [("order.create", "settled", "accepted", 1), ("order.capture", "settled", "accepted", 1)]
    assert market.machine.failures() == []


@pytest.mark.requirement("PAY-18", "PAY-3", "PAY-16")
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/orders$", "lost_reply"),
        *((CAPTURE, each) for each in LOST),
    ],
)
def test_one_capture_whatever_becomes_of_the_reply(market: Market, path: str, kind: str) -> None:
    market.control.fault(kind, method="POST", path=path, seconds=0.05, times=2)
    asked = market.checkout()
    market.control.tell("approve", order=asked["checkout_ref"])
    market.settle()
    assert market.row("checkout_request", "C-1")["status"] == "completed"
    assert market.effects("capture") == [(12100, "EUR")]
    assert len(market.effects("order")) == 1
    assert {state for _, state, _, _ in market.submissions()} == {"settled"}
    assert market.machine.failures() == []


@pytest.mark.requirement("PAY-16", "PAY-18")
@pytest.mark.parametrize("kind", ["error_after", "error_before"])
def test_past_the_life_of_the_key_the_order_itself_is_asked(market: Market, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tries say nothing; by the fourth PayPal has forgotten the key."""
    asked = market.checkout()
    market.forget_keys(monkeypatch, "order.capture")
    market.control.fault(kind, method="POST", path=CAPTURE)
    market.control.fault("error_before", method="POST", path=CAPTURE, times=2)
    market.control.tell("approve", order=asked["checkout_ref"])
    events = market.control.take_events()
    for event in events:
        market.machine.deliver(event, "paypal")
    market.machine.settle()
    assert market.effects("capture") == [(12100, "EUR")]
    market.deliver()
    assert market.row("checkout_request", "C-1")["status"] == "completed"
    # Done before: found. Not done: the next key, once a look has shown that there is none.
    assert market.submissions()[1] == ("order.capture", "settled", "accepted", 1 if kind == "error_after" else 2)


@pytest.mark.requirement("PAY-16", "PAY-18")
def test_an_order_that_was_captured_before_is_no_refusal(market: Market) -> None:
    """By hand in PayPal's pages, say: the order shows its capture, and that is the answer."""
    asked = market.checkout()
    market.control.tell("approve", order=asked["checkout_ref"])
    settings, path = market.machine.context.settings, f"/v2/checkout/orders/{asked['checkout_ref']}/capture"
    client.post(path, "{}", settings, key="another's")
    market.control.fault("error_before", method="POST", path=CAPTURE, status=422, code="ORDER_ALREADY_CAPTURED")
    approval, *_ = market.control.take_events()
    market.machine.deliver(approval, "paypal")
    market.machine.settle()
    assert market.row("checkout_request", "C-1")["status"] == "completed"
    assert market.effects("capture") == [(12100, "EUR")]


@pytest.mark.requirement("PAY-18", "PAY-3")
def test_a_declined_instrument_leaves_the_page_open_for_another(market: Market) -> None:
    asked = market.checkout()
    market.control.tell("approve", order=asked["checkout_ref"], outcome="INSTRUMENT_DECLINED")
    market.settle()
    request = market.row("checkout_request", "C-1")
    assert (request["status"], request["failure_code"]) == ("open", "INSTRUMENT_DECLINED")
    assert "debug id" in request["failure_message"]
    assert market.effects("capture") == []
    market.control.tell("approve", order=asked["checkout_ref"])
    market.settle()
    assert market.row("checkout_request", "C-1")["status"] == "completed"
    assert market.effects("capture") == [(12100, "EUR")]


@pytest.mark.requirement("PAY-18")
def test_a_capture_that_is_looked_at_first_is_paid_when_it_came(market: Market) -> None:
    asked = market.checkout()
    market.control.tell("approve", order=asked["checkout_ref"], outcome="PENDING")
    market.settle()
    assert market.row("checkout_request", "C-1")["status"] == "approved"
    [capture] = market.control.tell("objects", kind="capture")
    market.control.tell("settle_capture", capture=capture["id"], status="COMPLETED")
    market.settle()
    assert market.row("checkout_request", "C-1")["status"] == "completed"
    assert market.machine.failures() == []


class _Ahead:
    """PayPal's clock, ten minutes before ours."""

    def __init__(self, ours: Clock) -> None:
        self._ours = ours

    def now(self) -> datetime:
        return self._ours.now() + timedelta(minutes=10)


@pytest.mark.requirement("PAY-1", "INBOX-17")
def test_money_is_confirmed_though_our_clock_is_behind_paypals(market: Market) -> None:
    market.paypal.standin.world.clock = _Ahead(market.machine.clock)
    payment = market.row("payment", market.bought())
    assert (payment["status"], payment["confirmed"]) == ("succeeded", True)
    assert market.machine.all("SELECT status FROM bursar.fulfilment") == [("granted",)]
