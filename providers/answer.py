"""What a provider answered to a look-up or a submission: it enters the inbox as a row like any other event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from billing.rules.facts.event import Event
from providers.clean import json_object
from providers.errors import UnparsableBody
from providers.fields import instant, mapping, needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer to be stored: dedup, retry, replay and audit are the inbox's."""

    source: str
    event_id: str
    event_type: str
    object_id: str | None
    lane: str
    body: bytes
    occurred_at: datetime
    outcome: Literal["accepted", "refused"] = "accepted"
    """Of a submission: whether the provider did it."""


def read_back(source: str, name: str, body: bytes, *, inbox_id: int, received_at: datetime, headers: Mapping[str, str]) -> Event:
    """An answer of a provider that has no door, as it was stored: `id`, `type`, `at` and `object`. `name` is what people call it.

    Raises:
        UnparsableBody: the bytes are none, or came through a door.
    """
    if headers:
        raise UnparsableBody(f"the body calls itself an answer of {name}, but came through the door")
    envelope = json_object(body)
    at = instant(envelope, "at")
    return Event(
        inbox_id=inbox_id,
        source=source,
        id=needed(envelope, "id"),
        type=needed(envelope, "type"),
        occurred_at=at if isinstance(at, datetime) else received_at,
        received_at=received_at,
        object=mapping(envelope, "object"),
        previous={},
        envelope=envelope,
    )
