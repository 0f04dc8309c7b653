"""PayPal's answer to a submission, as the inbox row `answer.<kind>` that carries it to its handler."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from providers.answer import Answer
from providers.submission import Flight


def make(
    flight: Flight, found: Mapping[str, Any], outcome: Literal["accepted", "refused"], at: datetime, *, object_id: str | None = None
) -> Answer:
    """The row. Its id follows from the key, so that an answer that comes twice is one row.

    Args:
        flight: what was sent.
        found: the object, or the error object when it was refused.
        outcome: whether PayPal did it.
        at: when it was answered, by the business's clock.
        object_id: PayPal's id of what was made or changed, where `found` does not carry it as `id`.
    """
    # PayPal's events carry whole seconds. What happened in the second of our answer may be newer than it and must not look older.
    said_at = at.replace(microsecond=0) - timedelta(microseconds=1)
    event_id = f"answer-{hashlib.sha256(flight.key.encode()).hexdigest()[:32]}"
    made = (object_id or found.get("id")) if outcome == "accepted" else None
    envelope: dict[str, Any] = {
        "id": event_id,
        "event_type": f"answer.{flight.kind}",
        "create_time": said_at.isoformat(),
        "resource": dict(found),
        "answer": {
            "submission": flight.submission,
            "operation": flight.operation,
            "request_type": flight.request_type,
            "request_ref": flight.request_ref,
            "outcome": outcome,
            "object_ref": made,
        },
    }
    return Answer(
        source="paypal",
        event_id=event_id,
        event_type=f"answer.{flight.kind}",
        object_id=made,
        lane=flight.lane,
        body=msgspec.json.encode(envelope),
        occurred_at=said_at,
        outcome=outcome,
    )
