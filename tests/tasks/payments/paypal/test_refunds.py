"""Refunds at PayPal through the real machine: one effect whatever the reply does, and the charge knows what went back.

The submission is reserved directly, for whoever asks: which request wanted it makes no difference here.
"""

from __future__ import annotations

from typing import Any

import pytest

from models.checkout_request import CheckoutRequest
from tests.tasks.payments.paypal.market import Market
from workers.unit import Unit

REFUND = r"/refund$"


def ask(market: Market, charge: str, amount_minor: int, *, attempt: int = 1, **values: Any) -> None:
    """A refund, on its way."""
    context = market.machine.context
    with context.engine.begin() as connection:
        unit = Unit(connection, context.keys, now=context.clock.now(), reason="test")
        request = unit.row(CheckoutRequest, "paypal", "C-1")
        wanted = {"charge_ref": charge, "amount_minor": amount_minor, "currency": "EUR", **values}
        unit.submit("refund.create", request, values=wanted, queue="payments", lane="paypal:C-1", attempt=attempt)
        unit.flush()
    market.machine.settle()


def went_back(market: Market) -> list[tuple[Any, ...]]:
    return market.machine.all("SELECT status, amount_minor, currency, confirmed FROM bursar.refund ORDER BY amount_minor")


@pytest.mark.requirement("PAY-2", "PAY-3", "PAY-16")
@pytest.mark.parametrize("kind", ["lost_reply", "error_after", "error_before", "rate_limit", "hold_after"])
def test_one_refund_whatever_becomes_of_the_reply(market: Market, kind: str) -> None:
    capture = market.bought()
    market.control.fault(kind, method="POST", path=REFUND, times=2, seconds=0.05)
    ask(market, capture, 4033)
    assert market.effects("refund") == [(4033, "EUR")]
    assert went_back(market) == [("succeeded", 4033, "EUR", True)], "known from the answer, before any webhook"
    market.deliver(copies=2)
    assert went_back(market) == [("succeeded", 4033, "EUR", True)]
    assert market.row("charge", capture)["refunded_minor"] == 4033
    assert market.submissions()[-1][1:] == ("settled", "accepted", 1)
    assert market.machine.failures() == []


@pytest.mark.requirement("PAY-16")
@pytest.mark.parametrize("kind", ["error_after", "error_before"])
def test_past_the_life_of_the_key_the_order_is_asked_for_its_refunds(market: Market, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    capture = market.bought()
    ask(market, capture, 1)
    market.forget_keys(monkeypatch, "refund.create")
    market.control.fault(kind, method="POST", path=REFUND)
    market.control.fault("error_before", method="POST", path=REFUND, times=2)
    context = market.machine.context
    with context.engine.begin() as connection:
        # Another request than the one before, whose refund must not be taken for this one's.
        unit = Unit(connection, context.keys, now=context.clock.now(), reason="test")
        request = unit.row(CheckoutRequest, "paypal", "C-2")
        request.versions = {"own": {}}
        values = {"charge_ref": capture, "amount_minor": 700, "currency": "EUR"}
        unit.submit("refund.create", request, values=values, queue="payments", lane="paypal:C-2")
        unit.flush()
    market.machine.settle()
    market.deliver()
    assert market.effects("refund") == [(1, "EUR"), (700, "EUR")]
    assert market.submissions()[-1] == ("refund.create", "settled", "accepted", 1 if kind == "error_after" else 2)
    assert market.row("charge", capture)["refunded_minor"] == 701


@pytest.mark.requirement("PAY-3")
def test_what_is_more_than_is_left_is_refused_in_paypals_words(market: Market) -> None:
    capture = market.bought()
    ask(market, capture, 12_101)
    assert market.effects("refund") == []
    assert market.submissions()[-1][1:] == ("settled", "refused", 1)
    assert market.row("checkout_request", "C-1")["failure_code"] == "REFUND_AMOUNT_EXCEEDED"
    ask(market, capture, 12_100, attempt=2)
    assert market.row("charge", capture)["refunded_minor"] == 12_100


@pytest.mark.requirement("PAY-2", "PAY-16")
def test_a_sale_is_refunded_in_its_own_generation(market: Market) -> None:
    market.checkout()
    sale = market.control.tell("sale", amount_minor=999, currency="EUR", subscription="I-1")["id"]
    market.settle()
    market.control.fault("lost_reply", method="POST", path=REFUND, times=2)
    ask(market, sale, 333, charge_kind="sale")
    market.deliver()
    assert market.effects("refund") == [(333, "EUR")]
    assert went_back(market) == [("succeeded", 333, "EUR", True)]
    assert market.row("charge", sale)["refunded_minor"] == 333
    assert market.machine.failures() == []


@pytest.mark.requirement("INBOX-11", "REFUND-6")
def test_what_only_a_weakly_signed_body_says_went_back_revokes_nothing(market: Market) -> None:
    capture = market.bought()
    ask(market, capture, 100)
    market.deliver()
    [told] = [one for one in market.told if one["event_type"] == "PAYMENT.CAPTURE.REFUNDED"]
    all_of_it = {"currency_code": "EUR", "value": "121.00"}
    said = told["resource"] | {"id": "1FORGED", "amount": all_of_it, "seller_payable_breakdown": {"total_refunded_amount": all_of_it}}
    market.machine.deliver(told | {"id": "WH-forged", "resource": said}, "paypal")
    market.settle()
    assert market.row("refund", "1FORGED")["confirmed"] is False
    payment = market.row("payment", capture)
    assert (payment["refunded_minor"], payment["refund_status"]) == (100, "partially_refunded")
    assert market.row("fulfilment", capture)["status"] == "granted"
