"""Refunds at PayPal by the app's command: completed once, of either generation, and undone where PayPal refuses in the end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.payments.paypal.market import Market
from workers.unit import Unit

REFUND = r"/refund$"
ASK = "billing.refunds.request.v1"


def wanted(market: Market, payment: str, key: str = "K-1", **more: Any) -> dict[str, Any]:
    """A refund by the app's command, and all that follows; how the command stands."""
    payload = {"source": "paypal", "key": key, "payment_ref": payment, "acting_for": "platform", "reason": "customer_request"}
    told = market.machine.run(ASK, payload | more, actor="user:7")
    market.settle(copies=2)
    return told


@pytest.mark.requirement("REFUND-1", "REFUND-2", "PAY-3")
@pytest.mark.parametrize("kind", [None, "lost_reply", "error_after"])
def test_a_refund_by_command_is_completed_once(market: Market, kind: str | None) -> None:
    capture = market.bought()
    if kind:
        market.control.fault(kind, method="POST", path=REFUND, times=2)
    told = wanted(market, capture, amount_minor=4033, customer_note="sorry " * 40)
    assert told["state"] == "succeeded", told
    assert market.effects("refund") == [(4033, "EUR")]
    [row] = market.machine.all("SELECT status, amount_minor, refund_ref IS NOT NULL FROM bursar.refund_request")
    assert row == ("completed", 4033, True)
    assert market.row("payment", capture)["refunded_minor"] == 4033
    over = wanted(market, capture, "K-2", amount_minor=8068)
    assert over["state"] == "rejected", "more than is left is refused before any call"
    assert len(market.effects("refund")) == 1
    assert wanted(market, capture, "K-3")["state"] == "succeeded"
    assert market.effects("refund") == [(4033, "EUR"), (8067, "EUR")]
    assert market.machine.failures() == []


@pytest.mark.requirement("REFUND-1", "REFUND-2")
def test_a_sale_is_refunded_by_the_same_command(market: Market) -> None:
    sale = market.control.tell("sale", amount_minor=999, currency="EUR", subscription="I-1")["id"]
    market.settle()
    market.control.fault("lost_reply", method="POST", path=REFUND)
    told = wanted(market, sale, amount_minor=500)
    assert told["state"] == "succeeded", told
    assert market.machine.all("SELECT status FROM bursar.refund_request") == [("completed",)]
    assert market.effects("refund") == [(500, "EUR")]


@pytest.mark.requirement("REFUND-2")
def test_a_refund_that_paypal_reviews_and_refuses_is_undone(market: Market) -> None:
    capture = market.bought()
    market.control.tell("next_refund", status="PENDING")
    wanted(market, capture, amount_minor=100)
    [refund] = market.control.tell("objects", kind="refund")
    assert market.machine.all("SELECT status FROM bursar.refund_request") != [("completed",)]
    market.control.tell("settle_refund", refund=refund["id"], status="FAILED")
    place = {"kind": "refund", "id": refund["id"], "path": f"/v2/payments/refunds/{refund['id']}", "lane": "paypal:C-1"}
    context = market.machine.context
    with context.engine.begin() as connection:
        unit = Unit(connection, context.keys, now=context.clock.now(), reason="test")
        unit.send("paypal.fetch", "look", place, queue="payments", lane="paypal:C-1")
        unit.flush()
    market.settle()
    assert market.machine.all("SELECT status FROM bursar.refund_request") == [("failed",)]
    assert market.row("payment", capture)["refunded_minor"] == 0
