"""Fifty confirmations of one payment at the same moment: webhooks, look-ups, the payer's return and reconciliation (PAY-1)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from billing.operations.record_payment import record_payment
from billing.rules.facts.event import Event
from providers.stripe.shapes.payment import payment_intent
from tests.factories.commands import submit
from tests.factories.inbox import store_event
from tests.tasks.payments.taking.till import ONE, ORDER, Till
from workers import inbox
from workers.rows import StubTakenError
from workers.unit import Unit

_THREADS = 16


@pytest.mark.requirement("PAY-1", "PAY-9", "EVENT-4", "INBOX-17")
@pytest.mark.parametrize("paid", [True, False], ids=["paid", "declined"])
def test_fifty_confirmations_at_once_are_one_effect(desk: Till, paid: bool) -> None:
    desk.do("payments.request", **ORDER)
    intent = desk.intent("succeeded") if paid else desk.declined()
    # The answer of our own call is one of the fifty.
    desk.call((200, intent) if paid else (402, desk.refusal(intent)))
    jobs = [*_events(desk, intent, paid), *_returns(desk), *_reconciled(desk, intent)]
    assert len(jobs) == 49

    with ThreadPoolExecutor(_THREADS) as pool:
        start = threading.Barrier(_THREADS)
        crew = [pool.submit(_work, jobs[number::_THREADS], start) for number in range(_THREADS)]
        for one in crew:
            one.result()
    desk.work()

    status = "succeeded" if paid else "failed"
    assert desk.all("SELECT state, count(*) FROM bursar.inbox GROUP BY state") == [("done", 43)]
    assert desk.row("payment_request", "order:17")["status"] == desk.row("payment", "pi_order:17_1")["status"] == status
    assert desk.count("fulfilment", "status = 'granted'") == desk.count("fulfilment") == int(paid)
    assert desk.count("audit", "action = 'fulfilment.status'") == int(paid)
    assert desk.count("outbox", "kind = 'mail.send'") == int(not paid)
    assert desk.count("audit", f"action = 'payment_request.status' AND after ->> 'status' = '{status}'") == 1
    assert desk.all("SELECT state FROM bursar.submission") == [("settled",)]


def _work(jobs: list[Callable[[], object]], start: threading.Barrier) -> None:
    start.wait()
    for job in jobs:
        job()


def _events(desk: Till, intent: dict[str, Any], paid: bool) -> list[Callable[[], object]]:
    """Webhooks and look-ups' answers, each in a lane of its own: no lane protects the rows, only their locks."""
    word = "succeeded" if paid else "payment_failed"
    types = [f"payment_intent.{word}"] * 20 + ["payment_intent.fetched"] * 10 + ([f"charge.{'succeeded' if paid else 'failed'}"] * 5)
    charge = {
        "id": "ch_1", "object": "charge", "status": "succeeded" if paid else "failed", "amount": 1010, "currency": "eur", "captured": paid,
        "payment_intent": intent["id"], "customer": "cus_1", "metadata": intent["metadata"], "paid": paid,
    }  # fmt: skip
    ids = []
    with desk.database.connect() as connection:
        for number, event_type in enumerate(types):
            event_id = f"evt_{number}"
            found = charge if event_type.startswith("charge.") else intent
            body = {"id": event_id, "object": "event", "type": event_type, "created": 1772366400, "data": {"object": found}}
            ids.append(store_event(connection, body, source="stripe", event_id=event_id, event_type=event_type, lane=f"lane:{number}"))
    return [lambda row_id=row_id: inbox.work(desk.context, "payments", [row_id]) for row_id in ids]  # type: ignore[misc]


def _returns(desk: Till) -> list[Callable[[], object]]:
    """The payer comes back, on several tabs."""
    ids = []
    for number in range(5):
        submit(desk.app, f"return-{number}", ONE, name="billing.payments.confirm.v1", lane=f"tab-{number}")
        ids.append(desk.one("SELECT id FROM bursar.inbox WHERE event_id = %s", f"return-{number}"))
    return [lambda row_id=row_id: inbox.work(desk.context, "payments", [row_id]) for row_id in ids]  # type: ignore[misc]


def _reconciled(desk: Till, intent: dict[str, Any]) -> list[Callable[[], object]]:
    """As a reconciliation or an approval does it: the verb itself, in a transaction of its own."""

    def record(number: int) -> None:
        now = desk.clock.now()
        event = Event(
            inbox_id=0, source="stripe", id=f"recon_{number}", type="payment_intent.fetched", occurred_at=now, received_at=now,
            object=intent, previous={}, envelope={},
        )  # fmt: skip
        while True:
            try:
                with desk.context.engine.begin() as connection:
                    fact = payment_intent(event)
                    unit = Unit(connection, desk.context.keys, now=now, actor="recon", reason="test")
                    unit.load((aggregate, "stripe", key) for aggregate, key in fact.references())
                    record_payment(unit, fact)
                    unit.flush()
                return
            except StubTakenError:
                continue

    return [lambda number=number: record(number) for number in range(9)]  # type: ignore[misc]
