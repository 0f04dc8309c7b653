"""PayPal's envelope: any bytes give an Event or the one named error, and nobody outside can pose as our own look-up."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.facts.event import Event
from providers.errors import UnparsableBody
from providers.paypal.envelope import parse
from providers.paypal.reading import money, parent, version
from tests.payloads import sample

RECEIVED = datetime(2026, 6, 1, tzinfo=UTC)


def event(body: bytes, headers: dict[str, str] | None = None) -> Event:
    return parse(body, inbox_id=1, received_at=RECEIVED, headers=headers or {})


def test_the_envelope() -> None:
    read = event(sample("paypal", "PAYMENT.CAPTURE.COMPLETED"), {"paypal-transmission-id": "t"})
    assert read.type == "PAYMENT.CAPTURE.COMPLETED"
    assert read.id.startswith("WH-")
    assert read.occurred_at == datetime(2026, 2, 3, 10, 0, 5, 120000, tzinfo=UTC)
    assert (read.object["id"], read.api_version) == ("3C679366HH908993F", "2.0")


def test_a_delivery_cannot_pose_as_the_answer_to_a_look_up() -> None:
    """A genuine signature can be carried over to a forged body, so the door's rows are told apart by their headers."""
    body = sample("paypal", "CAPTURE.FETCHED")
    assert event(body).type == "CAPTURE.FETCHED"
    with pytest.raises(UnparsableBody, match="through the door"):
        event(body, {"paypal-transmission-id": "t"})


def test_offsets_are_one_time_line() -> None:
    read = event(sample("paypal", "CUSTOMER.DISPUTE.CREATED"))
    assert version(read, 1, 0).at == datetime(2026, 2, 10, 10, tzinfo=UTC)


def test_a_time_far_after_the_receipt_counts_as_the_day_after() -> None:
    read = event(sample("paypal", "PAYMENT.CAPTURE.COMPLETED", update_time="2099-01-01T00:00:00Z"))
    assert version(read, 1, 0).at == RECEIVED + timedelta(days=1)


def test_a_look_up_is_as_new_as_itself_and_wins_a_tie() -> None:
    told, looked = (event(sample("paypal", name)) for name in ("PAYMENT.CAPTURE.COMPLETED", "CAPTURE.FETCHED"))
    assert version(looked, 1, 0) > version(told, 1, 0)
    same = looked.occurred_at
    tied = event(sample("paypal", "PAYMENT.CAPTURE.COMPLETED", update_time=same.isoformat()))
    assert version(looked, 1, 0) > version(tied, 1, 0)
    later = event(sample("paypal", "PAYMENT.CAPTURE.COMPLETED", update_time=(same + timedelta(seconds=1)).isoformat()))
    assert version(later, 1, 0) > version(looked, 1, 0)


def test_money_of_both_generations() -> None:
    assert money({"amount": {"value": "1.20", "currency_code": "EUR"}}, "amount") == (120, "EUR")
    assert money({"amount": {"total": "-2.47", "currency": "usd"}}, "amount") == (-247, "USD")
    assert money({}, "amount") is None


def test_a_parent_is_the_one_of_its_kind() -> None:
    obj = event(sample("paypal", "PAYMENT.CAPTURE.REFUNDED")).object
    assert parent(obj, "captures") == "3C679366HH908993F"
    assert parent(obj, "authorizations") is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"event_type":"X.Y","resource":{}}',
        b'{"id":"WH-1","resource":{}}',
        b'{"id":"WH-1","event_type":"X.Y","resource":[]}',
        b'{"id":"WH-1","event_type":"X.Y","resource":{},"create_time":"yesterday"}',
        b'{"id":"WH-1","event_type":"X.Y","resource":{},"create_time":"0001-01-01T00:00:00+14:00"}',
        b'{"id":true,"event_type":"X.Y","resource":{}}',
    ],
)
def test_a_body_of_another_shape_is_unparsable(body: bytes) -> None:
    with pytest.raises(UnparsableBody):
        event(body)


_ANY: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "event_type", "create_time", "resource"), _ANY)))
def test_any_values_give_an_event_or_the_named_error(envelope: dict[str, Any]) -> None:
    with contextlib.suppress(UnparsableBody):
        assert isinstance(event(json.dumps(envelope).encode()), Event)
