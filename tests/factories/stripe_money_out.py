"""Stripe events about money that goes out, built from the fields that a test cares about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from billing.rules.facts.event import Event

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def stripe_event(
    event_type: str,
    obj: Mapping[str, Any],
    *,
    event_id: str = "evt_1",
    after_s: int = 0,
    previous: Mapping[str, Any] | None = None,
    account: str | None = None,
) -> Event:
    """An event of Stripe's about `obj`, `after_s` seconds after T0; it was received a day later."""
    return Event(
        inbox_id=1,
        source="stripe",
        id=event_id,
        type=event_type,
        occurred_at=T0 + timedelta(seconds=after_s),
        received_at=T0 + timedelta(days=1),
        object=obj,
        previous=previous or {},
        envelope={},
        account=account,
        livemode=False,
    )


def sample_event(raw: Mapping[str, Any]) -> Event:
    """An event from one of the shared samples, whose envelope may lack almost everything."""
    return Event(
        inbox_id=1,
        source="stripe",
        id=raw["id"],
        type=raw["type"],
        occurred_at=datetime.fromtimestamp(raw["created"], UTC),
        received_at=T0,
        object=raw["data"]["object"],
        previous=raw["data"].get("previous_attributes") or {},
        envelope=raw,
        account=raw.get("account"),
        livemode=raw["livemode"],
    )
