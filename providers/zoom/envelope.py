"""A Zoom delivery's bytes -> Event. Zoom gives its events no id: the body's sha256 is the id, here as at the door."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from billing.rules.facts.event import Event
from providers.clean import json_object
from providers.fields import from_millis, mapping, needed, optional

SOURCE = "zoom"


def parse(
    body: bytes,
    *,
    inbox_id: int,
    received_at: datetime,
    headers: Mapping[str, str],  # noqa: ARG001 - the contract of all sources; Zoom's headers say nothing about the event
) -> Event:
    """Read the envelope. `object` is `payload.object`, or the payload itself where it has none (`app_deauthorized`).

    Raises:
        UnparsableBody: the bytes are not a Zoom event.
    """
    envelope = json_object(body)
    payload = mapping(envelope, "payload")
    told_at = envelope.get("event_ts")  # absent in old samples
    return Event(
        inbox_id=inbox_id,
        source=SOURCE,
        id=hashlib.sha256(body).hexdigest(),
        type=needed(envelope, "event"),
        occurred_at=received_at if told_at is None else from_millis(told_at, "event_ts"),
        received_at=received_at,
        object=mapping(payload, "object") if "object" in payload else payload,
        previous=mapping(payload, "old_object"),
        envelope=envelope,
        account=optional(payload, "account_id"),
    )
