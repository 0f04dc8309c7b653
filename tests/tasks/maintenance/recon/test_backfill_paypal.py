"""Webhooks of PayPal that never came: what they are about is looked up, and the state is that of the full run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from providers.paypal import event_list
from tasks.maintenance.recon.backfill_paypal import backfill_paypal
from tests.harness.cluster import Database
from tests.harness.paypal import PayPal
from tests.tasks.payments.paypal.market import Market


@pytest.fixture
def market(database: Database, paypal_sandbox: PayPal) -> Iterator[Market]:
    """The machine and PayPal."""
    found = Market(database, paypal_sandbox)
    yield found
    found.machine.close()


@pytest.mark.requirement("INBOX-6", "RECON-4", "PAY-18")
def test_an_approval_that_never_came_is_captured_and_all_else_is_known(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_list, "_PAGE", 2)
    control, context = market.control, market.machine.context
    asked = market.checkout()
    control.tell("approve", order=asked["checkout_ref"])
    sale = control.tell("sale", amount_minor=999, currency="EUR", subscription="I-1")["id"]
    bought = control.tell("dispute", transaction=sale, amount_minor=100)["dispute_id"]
    control.take_events()  # all of them are lost
    since = context.clock.now() - timedelta(days=1)
    done = backfill_paypal(context, since=since)
    assert (done.looked_at, done.known, done.injected, done.ended) == (3, 0, 3, True)
    market.machine.settle()
    assert market.row("checkout_request", "C-1")["status"] == "completed"
    assert market.effects("capture") == [(12100, "EUR")]
    assert market.row("payment", sale)["confirmed"] is True
    assert market.row("dispute", bought)["confirmed"] is True
    again = backfill_paypal(context, since=since)
    assert again.injected == 2, "the capture's two events, which are lost as well; nothing is asked twice"
    market.machine.settle()
    assert backfill_paypal(context, since=since).injected == 0
    market.deliver(copies=2)
    assert market.effects("capture") == [(12100, "EUR")]
    assert market.machine.failures() == []


def test_the_list_leads_nowhere_else(paypal_sandbox: PayPal) -> None:
    assert event_list.place({"event_type": "PAYMENT.PAYOUTSBATCH.SUCCESS", "resource": {}}) is None
    refund = {"id": "R", "links": [{"rel": "up", "href": "https://api/v2/payments/captures/C"}]}
    assert event_list.place({"event_type": "PAYMENT.CAPTURE.REFUNDED", "resource": refund}) == ("refund", "R", "/v2/payments/refunds/R")
    reversed_ = {"event_type": "PAYMENT.SALE.REVERSED", "resource": {"id": "S"}}
    assert event_list.place(reversed_) == ("sale", "S", "/v1/payments/sale/S")
