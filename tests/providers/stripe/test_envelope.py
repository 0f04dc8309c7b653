"""Stripe's bytes become events: snapshots of every age, thin ones, and what is neither."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from billing.rules.facts.event import Event
from providers.errors import UnparsableBody
from providers.stripe.envelope import parse

RECEIVED = datetime(2026, 3, 2, tzinfo=UTC)


def read(event: Any) -> Event:
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    return parse(raw, inbox_id=7, received_at=RECEIVED, headers={})


SNAPSHOT = {
    "id": "evt_1",
    "object": "event",
    "account": "acct_1",
    "api_version": "2020-08-27",
    "created": 1_772_366_400,
    "data": {"object": {"id": "cus_1"}, "previous_attributes": {"email": None}},
    "livemode": False,
    "type": "customer.updated",
}


def test_a_snapshot() -> None:
    event = read(SNAPSHOT)
    assert (event.source, event.id, event.type, event.inbox_id) == ("stripe", "evt_1", "customer.updated", 7)
    assert (event.object, event.previous) == ({"id": "cus_1"}, {"email": None})
    assert (event.account, event.api_version, event.livemode) == ("acct_1", "2020-08-27", False)


@pytest.mark.requirement("INBOX-19")
def test_time_is_the_events_own() -> None:
    assert read(SNAPSHOT).occurred_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert read({"id": "evt_1", "type": "ping", "data": {"object": {}}}).occurred_at == RECEIVED


def test_a_thin_event_has_the_address_of_its_object() -> None:
    event = read(
        {
            "id": "evt_2",
            "object": "v2.core.event",
            "type": "v1.customer.updated",
            "created": "2026-03-01T14:00:00.250+02:00",
            "livemode": True,
            "context": "acct_1",
            "related_object": {"id": "cus_1", "type": "customer", "url": "/v1/customers/cus_1"},
        }
    )
    assert event.object == {"id": "cus_1", "type": "customer", "url": "/v1/customers/cus_1"}
    assert event.occurred_at == datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
    assert (event.account, event.livemode, event.previous) == ("acct_1", True, {})


def test_a_thin_event_about_nothing() -> None:
    event = read({"id": "evt_3", "object": "v2.core.event", "type": "v2.core.event_destination.ping", "related_object": None})
    assert event.object == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        SNAPSHOT | {"id": None},
        SNAPSHOT | {"type": 7.5},
        SNAPSHOT | {"data": None},
        SNAPSHOT | {"data": []},
        SNAPSHOT | {"data": {"object": "cus_1"}},
        SNAPSHOT | {"created": "long ago"},
        SNAPSHOT | {"created": 10**30},
        SNAPSHOT | {"created": 1.5},
        SNAPSHOT | {"created": True},
        SNAPSHOT | {"account": {}},
        SNAPSHOT | {"data": {"object": {"name": "\0"}}},
    ],
)
def test_what_is_no_event_is_an_error_that_names_no_content(body: Any) -> None:
    with pytest.raises(UnparsableBody) as caught:
        read(body)
    assert "cus_1" not in str(caught.value)
