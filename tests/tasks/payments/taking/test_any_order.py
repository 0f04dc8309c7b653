"""The request and what it grants end the same, in whatever order the provider's answer and its events come (promise 3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice, permutations
from typing import Any

import pytest

from billing.rules.facts.event import Event
from tests.factories.inbox import NOW, store_event
from tests.factories.telling import Teller
from tests.tasks.payments.taking.till import ORDER, Json, Till, granted

_WHEN = frozenset({"granted_at", "revoked_at", "completed_at", "promo_released_at", "credits_clawed_back_at"})
"""When we learned of it; that follows the order."""


@pytest.fixture
def teller(desk: Till) -> Iterator[Teller]:
    """Plays orders and takes them back."""
    made = Teller(desk.database)
    yield made
    made.close()


def _event(number: int, event_type: str, found: Json, **envelope: Any) -> Event:
    at = NOW + timedelta(seconds=number)
    return Event(
        inbox_id=number, source="stripe", id=f"evt_{number}", type=event_type, occurred_at=at, received_at=at, object=found, previous={},
        envelope=envelope,
    )  # fmt: skip


def _story(desk: Till) -> list[Event]:
    """A first try that failed and was given up, a second one that was paid, and given back."""
    declined, paid = desk.declined(), desk.intent("succeeded", attempt=2, latest_charge="ch_2")
    charge = {
        "id": "ch_2", "object": "charge", "status": "succeeded", "paid": True, "captured": True, "amount": 1010, "currency": "eur",
        "amount_captured": 1010, "amount_refunded": 0, "payment_intent": paid["id"], "customer": "cus_1", "metadata": paid["metadata"],
    }  # fmt: skip
    key = desk.one("SELECT key FROM bursar.submission WHERE operation = 'payment_intent.create' AND attempt = 2")
    answer = {
        "submission": key, "operation": "payment_intent.create", "request_type": "payment_request", "request_ref": "order:17",
        "outcome": "accepted",
    }  # fmt: skip
    return [
        _event(1, "payment_intent.payment_failed", declined),
        _event(2, "payment_intent.canceled", declined | {"status": "canceled"}),
        _event(3, "answer.payment_intent", paid, answer=answer),
        _event(4, "charge.succeeded", charge),
        _event(5, "charge.refunded", charge | {"amount_refunded": 1010, "refunded": True}),
    ]


def _end(state: dict[str, list[Json]]) -> dict[str, list[Json]]:
    for row in state["fulfilment"]:
        row["revocations"] = sorted(row["revocations"] or {})
    return {table: [{name: value for name, value in row.items() if name not in _WHEN} for row in rows] for table, rows in state.items()}


@pytest.mark.requirement("PAY-1", "PAY-9", "INBOX-17", "REFUND-7")
def test_any_order_ends_the_same(desk: Till, teller: Teller) -> None:
    desk.do("payments.request", **ORDER)
    desk.answered((402, desk.refusal(desk.declined())))
    desk.do("payments.retry", source="stripe", reference="order:17", attempt=2)
    desk.answered((200, desk.declined() | {"status": "canceled"}))
    story = _story(desk)
    tables = ("payment_request", "fulfilment")

    ends = [_end(teller.imagine([[event] for event in order], *tables)) for order in islice(permutations(story), 0, None, 3)]

    first = ends[0]
    [request], [fulfilment] = first["payment_request"], first["fulfilment"]
    assert (request["status"], request["attempt"], request["payment_ref"]) == ("succeeded", 2, "pi_order:17_2")
    assert (fulfilment["status"], fulfilment["revocations"], fulfilment["purpose_ref"]) == ("revoked", ["refund"], "cp-500")
    assert [end for end in ends if end != first] == []
    assert len(ends) == 40


@pytest.mark.requirement("PAY-9", "INBOX-11")
def test_money_that_only_a_weakly_signed_body_tells_of_grants_nothing(desk: Till) -> None:
    capture = {
        "id": "8F1", "status": "COMPLETED", "amount": {"currency_code": "EUR", "value": "9.00"},
        "custom_id": "bursar_purpose=credit_package&package=cp-9", "create_time": "2026-03-01T12:00:00Z",
    }  # fmt: skip
    for number, event_type in enumerate(("PAYMENT.CAPTURE.COMPLETED", "CAPTURE.FETCHED")):
        body = {"id": f"WH-{number}", "event_type": event_type, "create_time": "2026-03-01T12:00:00Z", "resource": capture}
        with desk.database.connect() as connection:
            store_event(connection, body, source="paypal", event_id=f"WH-{number}", event_type=event_type)
        desk.work()
        assert len(granted(desk)) == number
    assert granted(desk) == [("8F1", "credit_package", "cp-9", "granted", None)]
