"""Payments that a payer approves at PayPal, by the command that takes money: one capture and one purchase, whoever tells first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tasks.maintenance.recon.backfill_paypal import backfill_paypal
from tests.tasks.maintenance.recon.test_paypal import recon
from tests.tasks.payments.paypal.market import Market

REQUEST, CONFIRM, RETRY, CANCEL = (f"billing.payments.{verb}.v1" for verb in ("request", "confirm", "retry", "cancel"))
WISH = {
    "source": "paypal", "reference": "order:17", "amount_minor": 12_100, "currency": "EUR", "purpose": "credit_package",
    "purpose_ref": "cp-77", "description": "ten lessons", "return_url": "https://app.example/back",
}  # fmt: skip
ONE = {"source": "paypal", "reference": "order:17"}
SUMS = """SELECT code, sum(delta)::bigint FROM (SELECT debit AS code, amount_minor AS delta FROM bursar.journal
          UNION ALL SELECT credit, -amount_minor FROM bursar.journal) AS legs
          WHERE code IN ('paypal:sales', 'paypal:refunds') GROUP BY code ORDER BY code"""
GRANTED = "SELECT purpose, purpose_ref, status, request FROM bursar.fulfilment"


def asked(market: Market, **changes: Any) -> dict[str, Any]:
    told = market.machine.run(REQUEST, WISH | changes)
    assert told["state"] == "succeeded", told
    market.settle()
    return market.row("payment_request", "order:17")


def approve(market: Market, order: str, **outcome: Any) -> None:
    market.control.tell("approve", order=order, **outcome)


@pytest.mark.requirement("PAY-1", "PAY-2", "PAY-9", "PAY-18", "REFUND-5")
def test_one_capture_under_webhooks_and_confirmations_and_it_goes_back(market: Market) -> None:
    key = market.machine.submit(REQUEST, WISH)
    market.settle()
    request = market.row("payment_request", "order:17")
    assert (request["status"], request["order_ref"] is not None, request["payment_ref"]) == ("requires_action", True, None)
    assert market.machine.status(key)["outcome"]["url"] == request["url"]
    assert request["url"].startswith("http")
    assert market.machine.all(GRANTED) == []
    assert asked(market)["order_ref"] == request["order_ref"], "the same again is the same payment"
    approve(market, request["order_ref"])
    for number in range(3):
        market.machine.submit(CONFIRM, ONE, f"confirm-{number}")
    market.settle(copies=2, shuffle=True)
    market.machine.run(CONFIRM, ONE)
    market.settle()
    request = market.row("payment_request", "order:17")
    assert (request["status"], request["url"]) == ("succeeded", None)
    assert market.effects("capture") == [(12_100, "EUR")]
    assert market.machine.all(GRANTED) == [("credit_package", "cp-77", "granted", "payment_request:order:17")]
    assert [row[0] for row in market.submissions()] == ["order.create", "order.capture"]
    back = {"source": "paypal", "reference": "order:17", "key": "r1", "acting_for": "platform", "reason": "customer_request"}
    assert market.machine.run("billing.refunds.request.v1", back)["state"] == "succeeded"
    market.settle()
    assert market.effects("refund") == [(12_100, "EUR")]
    assert market.machine.all(GRANTED)[0][2] == "revoked"
    assert market.machine.all(SUMS) == [("paypal:refunds", 12_100), ("paypal:sales", -12_100)]
    assert market.machine.failures() == []
    assert recon(market, "RUN-1") == {}


@pytest.mark.requirement("PAY-1", "PAY-2", "RECON-4")
def test_an_approval_of_which_nobody_told_is_found_by_the_backfill(market: Market) -> None:
    approve(market, asked(market)["order_ref"])
    market.control.take_events()
    backfill_paypal(market.machine.context, since=market.machine.clock.now() - timedelta(days=3))
    market.settle()
    assert market.effects("capture") == [(12_100, "EUR")]
    assert market.row("payment_request", "order:17")["status"] == "succeeded"


@pytest.mark.requirement("PAY-1", "PAY-2", "PAY-16")
def test_without_any_webhook_and_with_lost_replies_it_is_taken_once(market: Market) -> None:
    order = asked(market)["order_ref"]
    approve(market, order)
    market.control.take_events()
    market.control.fault("lost_reply", method="POST", path="/capture$")
    assert market.machine.run(CONFIRM, ONE)["result"]["status"] == "requires_action"
    market.machine.settle()
    market.control.take_events()
    assert market.effects("capture") == [(12_100, "EUR")]
    assert market.row("payment_request", "order:17")["status"] == "succeeded"
    assert len(market.machine.all(GRANTED)) == 1


@pytest.mark.requirement("PAY-2", "PAY-3")
def test_a_declined_instrument_is_tried_again_by_a_new_order_and_old_ones_take_nothing(market: Market) -> None:
    first = asked(market)["order_ref"]
    approve(market, first, outcome="INSTRUMENT_DECLINED")
    market.settle()
    failed = market.row("payment_request", "order:17")
    assert (failed["status"], failed["failure_code"], failed["attempt"]) == ("failed", "INSTRUMENT_DECLINED", 1)
    assert market.machine.run(RETRY, {**ONE, "attempt": 2})["state"] == "succeeded"
    market.settle()
    second = market.row("payment_request", "order:17")
    assert (second["status"], second["attempt"], second["order_ref"] != first) == ("requires_action", 2, True)
    approve(market, first)
    market.settle()
    assert market.effects("capture") == [], "an order of an attempt before is not captured"
    assert market.machine.run(CANCEL, {**ONE, "reason": "changed his mind"})["result"]["status"] == "cancelled"
    approve(market, second["order_ref"])
    market.settle()
    assert market.effects("capture") == []
    assert market.row("payment_request", "order:17")["status"] == "cancelled"


@pytest.mark.requirement("PAY-15", "PAY-17")
def test_what_paypal_cannot_take_is_refused_before_any_call(market: Market) -> None:
    assert market.machine.run(REQUEST, WISH | {"country": "PK"})["code"] == "method_not_offered"
    assert market.machine.run(REQUEST, WISH | {"currency": "JPY", "amount_minor": 0})["code"] == "invalid_payload"
    for wrong in ({"return_url": None}, {"payment_method_ref": "pm_1"}, {"destination_ref": "acct_1"}):
        assert market.machine.run(REQUEST, {**WISH, **wrong})["code"] == "invalid_payload"
    assert market.machine.run(REQUEST, {**WISH, "source": "stripe"})["code"] == "invalid_payload"
    assert market.submissions() == []
