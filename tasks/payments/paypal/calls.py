"""Look-ups at PayPal, claimed from the outbox. What PayPal answers becomes an inbox row of type `<KIND>.FETCHED`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from core.clock import SystemClock
from core.settings import Settings
from providers.answer import Answer
from providers.clean import json_object
from providers.paypal import client
from providers.paypal.envelope import FETCHED


def fetch(payload: Mapping[str, Any], *, key: str, settings: Settings) -> Answer:
    """Read one object. Reading is harmless, so a lost answer is simply asked for again.

    Raises:
        Retryable, Final: as `client.get`.
        UnparsableBody: what came back is not JSON.
    """
    resource = json_object(client.get(payload["path"], settings))
    at = SystemClock().now()
    event_id = f"fetch-{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    event_type = f"{payload['kind'].upper()}{FETCHED}"
    envelope = {"id": event_id, "event_type": event_type, "create_time": at.isoformat(), "resource": resource}
    return Answer(
        source="paypal",
        event_id=event_id,
        event_type=event_type,
        object_id=payload["id"],
        lane=payload["lane"],
        body=msgspec.json.encode(envelope),
        occurred_at=at,
    )
