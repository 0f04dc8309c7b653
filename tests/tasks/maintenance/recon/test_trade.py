"""Trade at the stand-in: what arrives reconciles; what is damaged on purpose is found, named and repaired."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from billing.operations.ask_recon import ask_recon
from tasks.maintenance.recon.backfill import Backfilled, backfill_stripe
from tasks.maintenance.recon.lists import LISTS
from tasks.maintenance.recon.run import turn
from tasks.maintenance.runs import pull_balance_transactions
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox
from workers.unit import Unit


class Trade:
    """A stand-in with trade, and a machine that may have heard of it."""

    def __init__(self, database: Database, sandbox: Sandbox) -> None:
        self.control = sandbox.control
        self.machine = Machine(database, **sandbox.settings())
        self.runs = self.slots = 0

    def hear(self, *, loss: float = 0.0) -> None:
        """Deliver what happened since, less a share of it, and work it off."""
        lost = Random(4711)
        for event in self.control.take_events():
            if lost.random() >= loss:
                self.machine.deliver(event)
        self.machine.settle()

    def backfill(self) -> Backfilled:
        """Ask for what never came, and work it off."""
        done = backfill_stripe(self.machine.context, since=self.machine.clock.now() - timedelta(days=29))
        self.machine.settle()
        return done

    def pull(self) -> None:
        """Read the balances, and work it off."""
        self.slots += 1
        pull_balance_transactions(self.machine.context, self.machine.clock.now() + timedelta(microseconds=self.slots))
        self.machine.settle()

    def recon(self) -> dict[str, Any]:
        """One run over all; its counts."""
        self.runs += 1
        context, now = self.machine.context, self.machine.clock.now()
        with context.engine.begin() as connection:
            unit = Unit(connection, context.keys, now=now, reason="test")
            ask_recon(
                unit, "stripe", f"RUN-{self.runs}", since=now - timedelta(days=90), until=now + timedelta(days=90),
                objects=list(LISTS["stripe"]), actor="test", reason="test",
            )  # fmt: skip
            unit.flush()
        done = turn(context, budget_s=60.0)
        assert done.done
        assert done.run is not None
        return {kind: count for kind, count in done.run.counts.items() if kind != "listed"}

    def open(self) -> list[str]:
        """References of the open findings."""
        return [row[0] for row in self.machine.all("SELECT external_id FROM bursar.finding WHERE status = 'open' ORDER BY 1")]


@pytest.fixture
def trade(database: Database, stripe_sandbox: Sandbox) -> Iterator[Trade]:
    """A stand-in and a machine beside it."""
    made = Trade(database, stripe_sandbox)
    yield made
    made.machine.close()


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
