"""Stripe's answer to a submission, as the inbox row `answer.<kind>` that carries it to its handler."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from providers.answer import Answer
from providers.submission import Flight


def make(flight: Flight, found: Mapping[str, Any], outcome: Literal["accepted", "refused"], at: datetime) -> Answer:
    """The row. Its id follows from the key, so that an answer that comes twice is one row.

    Args:
        flight: what was sent.
        found: the object, or the error object when it was refused.
        outcome: whether Stripe did it.
        at: when it was answered, by the business's clock.
    """
    # Stripe's events carry whole seconds. What happened in the second of our answer may be newer than it and must not look older.
    said_at = at.replace(microsecond=0) - timedelta(microseconds=1)
    event_id = f"answer-{hashlib.sha256(flight.key.encode()).hexdigest()[:32]}"
    envelope: dict[str, Any] = {
        "id": event_id,
        "object": "event",
        "type": f"answer.{flight.kind}",
        "created": said_at.isoformat(),
        "data": {"object": dict(found)},
        "answer": {
            "submission": flight.submission,
            "operation": flight.operation,
            "request_type": flight.request_type,
            "request_ref": flight.request_ref,
            "outcome": outcome,
        },
    }
    if flight.account:
        envelope["account"] = flight.account
    return Answer(
        source="stripe",
        event_id=event_id,
        event_type=f"answer.{flight.kind}",
        object_id=found.get("id") if outcome == "accepted" else None,
        lane=flight.lane,
        body=msgspec.json.encode(envelope),
        occurred_at=said_at,
        outcome=outcome,
    )
