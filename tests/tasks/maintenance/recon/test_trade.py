"""Trade at the stand-in: what arrives reconciles; what was lost is taken in."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from tests.harness.cluster import Database, copy_template, drop
from tests.harness.sandbox import Sandbox
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


_SAME = ("customer", "payment", "charge", "refund", "balance_transaction")
_OWN = frozenset({"id", "created_at", "updated_at"})


def _state(trade: Trade) -> dict[str, Any]:
    """All business values, without ids of rows, and what every account of the journal comes to."""
    held: dict[str, Any] = {}
    for name in _SAME:
        rows = trade.machine.all(f"SELECT to_jsonb(t) FROM bursar.{name} t ORDER BY external_id")
        held[name] = [
            {key: value is not None if key.endswith("_id") and key != "external_id" else value for key, value in row.items()}
            # Each has read its balances by itself, at its own time.
            | dict.fromkeys(_OWN | ({"versions"} if name == "balance_transaction" else set()))
            for (row,) in rows
        ]
    held["journal"] = trade.machine.all(
        """SELECT code, currency, sum(amount) FROM (SELECT debit AS code, currency, amount_minor AS amount FROM bursar.journal
           UNION ALL SELECT credit, currency, -amount_minor FROM bursar.journal) AS sides GROUP BY 1, 2 ORDER BY 1, 2"""
    )
    return held


@pytest.mark.requirement("INBOX-6", "RECON-4")
def test_with_a_third_lost_the_backfill_ends_in_the_state_of_the_full_run(
    trade: Trade, cluster_url: str, tmp_path: Path, stripe_sandbox: Sandbox
) -> None:
    name = f"twin_{uuid4().hex[:12]}"
    twin = Trade(Database(copy_template(cluster_url, name), trade.machine.database.broker_url, tmp_path), stripe_sandbox)
    try:
        some(trade, 12)
        events = trade.control.take_events()
        lost = Random(7)
        for event in events:
            twin.deliver(event)
            if lost.random() >= 0.3:
                trade.deliver(event)
        for one in (twin, trade):
            one.machine.settle()
        assert _state(trade) != _state(twin)
        assert trade.backfill().injected > 0
        assert twin.backfill().injected == 0
        for one in (twin, trade):
            one.pull()
        assert _state(trade) == _state(twin)
        assert trade.recon() == {}
    finally:
        twin.machine.close()
        drop(cluster_url, name)
