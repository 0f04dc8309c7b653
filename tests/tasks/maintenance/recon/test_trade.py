"""Trade at the stand-in: what arrives reconciles; what was lost is taken in."""

from __future__ import annotations

import pytest

from tests.tasks.maintenance.recon.trade import Trade


def some(trade: Trade, count: int = 6) -> None:
    """Payments of customers in three currencies, some refunded."""
    control = trade.control
    customer = control.api("POST", "/v1/customers", {"email": "payer@example.com"})["id"]
    for number in range(count):
        currency = ("eur", "usd", "jpy")[number % 3]
        intent = control.paid(1_000 + 37 * number, currency, customer=customer)
        if number % 2:
            control.api("POST", "/v1/refunds", {"payment_intent": intent["id"], "amount": 100 + number})


@pytest.mark.requirement("RECON-1")
def test_trade_that_was_heard_of_reconciles(trade: Trade) -> None:
    some(trade)
    trade.hear()
    trade.pull()

    assert trade.recon() == {}
    assert trade.open() == []


@pytest.mark.requirement("INBOX-6", "RECON-4")
def test_what_was_lost_is_taken_in_and_ends_in_the_same_state(trade: Trade) -> None:
    some(trade)
    trade.hear(loss=0.3)
    assert trade.recon() != {}

    done = trade.backfill()
    trade.pull()
    assert done.injected > 0
    assert done.known > 0
    assert trade.recon() == {}
    assert trade.open() == []
    assert trade.backfill().injected == 0
