"""VIES's answers: written by `checked`, read back by `parse` when a worker takes the row. Nothing of them comes through a door."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

import msgspec

from billing.rules.facts.event import Event
from providers.answer import Answer, read_back
from providers.vies.client import Reply

SOURCE = "vies"
CHECKED = "number.checked"


def checked(number: str, reply: Reply, key: str, at: datetime) -> Answer:
    """An answer as an inbox row; one per question, however often its call is made."""
    event_id = f"check-{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    said = {"id": event_id, "type": CHECKED, "at": at.isoformat(), "object": {"number": number, **asdict(reply)}}
    return Answer(
        source=SOURCE, event_id=event_id, event_type=CHECKED, object_id=number, lane=f"{SOURCE}:{number}",
        body=msgspec.json.encode(said, order="deterministic"), occurred_at=at,
    )  # fmt: skip


def parse(body: bytes, *, inbox_id: int, received_at: datetime, headers: Mapping[str, str]) -> Event:
    """Read an answer back.

    Raises:
        UnparsableBody: the bytes are none, or came through a door, which VIES does not have.
    """
    return read_back(SOURCE, "VIES", body, inbox_id=inbox_id, received_at=received_at, headers=headers)
