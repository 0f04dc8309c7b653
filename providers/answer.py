"""What a provider answered to a look-up or a submission: it enters the inbox as a row like any other event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


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
