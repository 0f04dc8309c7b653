"""Look-ups at Stripe, claimed from the outbox. What Stripe answers becomes an inbox row of type `<object>.fetched`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from core.clock import SystemClock
from core.settings import Settings
from providers.answer import Answer
from providers.clean import json_object
from providers.stripe import client
from providers.stripe.event_types import FETCHED


def fetch(payload: Mapping[str, Any], *, key: str, settings: Settings) -> Answer:
    """Read one object. Reading is harmless, so a lost answer is simply asked for again.

    Raises:
        Retryable, Final: as `client.get`.
        UnparsableBody: what came back is not JSON.
    """
    found = json_object(client.get(payload["url"], settings, account=payload.get("account")))
    at = SystemClock().now()
    event_id = f"fetch-{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    event_type = FETCHED[payload["kind"]]
    envelope = {
        "id": event_id,
        "object": "event",
        "type": event_type,
        "created": at.isoformat(),
        "data": {"object": found},
    }
    if payload.get("account"):
        envelope["account"] = payload["account"]
    return Answer(
        source="stripe",
        event_id=event_id,
        event_type=event_type,
        object_id=payload["id"],
        lane=f"stripe:{payload['id']}",
        body=msgspec.json.encode(envelope),
        occurred_at=at,
    )
