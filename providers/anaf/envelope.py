"""ANAF's answers, read back from the inbox: nothing of them comes through a door."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from billing.rules.facts.event import Event
from providers.clean import json_object
from providers.errors import UnparsableBody
from providers.fields import instant, mapping, needed

SOURCE = "anaf"


def parse(body: bytes, *, inbox_id: int, received_at: datetime, headers: Mapping[str, str]) -> Event:
    """Read an answer that we stored.

    Raises:
        UnparsableBody: the bytes are none, or came through a door, which ANAF does not have.
    """
    if headers:
        raise UnparsableBody("the body calls itself an answer of ANAF, but came through the door")
    envelope = json_object(body)
    at = instant(envelope, "at")
    return Event(
        inbox_id=inbox_id,
        source=SOURCE,
        id=needed(envelope, "id"),
        type=needed(envelope, "type"),
        occurred_at=at if isinstance(at, datetime) else received_at,
        received_at=received_at,
        object=mapping(envelope, "object"),
        previous={},
        envelope=envelope,
    )
