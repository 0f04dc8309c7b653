"""What ANAF answered, as inbox rows: `answer.efactura` to an upload, `message.status` and `message.papers` to our questions."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from providers.anaf import read
from providers.answer import Answer
from providers.submission import Flight

SOURCE = "anaf"


def make(
    flight: Flight, found: Mapping[str, Any], outcome: Literal["accepted", "refused"], at: datetime, *, object_id: str | None = None
) -> Answer:
    """The answer to an upload. Its id follows from the key, so that an answer that comes twice is one row.

    Args:
        flight: what was sent.
        found: `index`, or `code` and `message` of the refusal.
        outcome: whether ANAF took it in.
        at: when it was answered, by the business's clock.
        object_id: ANAF's number of the upload, where `found` does not carry it.
    """
    told = {
        "submission": flight.submission, "operation": flight.operation, "request_type": flight.request_type,
        "request_ref": flight.request_ref, "outcome": outcome,
    }  # fmt: skip
    index = (object_id or found.get("index")) if outcome == "accepted" else None
    return _row(f"answer-{_digest(flight.key)}", "answer.efactura", at, flight.lane, dict(found), index, outcome, answer=told)


def told_status(key: str, lane: str, document: str, attempt: int, said: read.Status | None, at: datetime) -> Answer:
    """What became of an upload; None: today's questions are used up."""
    found = {
        "document": document, "attempt": attempt, "state": said.state if said else "quota",
        "download_id": said.download_id if said else None, "errors": said.errors if said else None,
    }  # fmt: skip
    return _row(f"status-{_digest(key)}", "message.status", at, lane, found, document)


def told_papers(key: str, lane: str, document: str, attempt: int, archive: bytes | None, at: datetime) -> Answer:
    """The papers, as they came; None: today's downloads are used up."""
    found = {"document": document, "attempt": attempt, "archive": None if archive is None else base64.b64encode(archive).decode()}
    return _row(f"papers-{_digest(key)}", "message.papers", at, lane, found, document)


def _row(
    event_id: str, event_type: str, at: datetime, lane: str, found: dict[str, Any], object_id: str | None,
    outcome: Literal["accepted", "refused"] = "accepted", **more: Any,
) -> Answer:  # fmt: skip
    envelope = {"id": event_id, "type": event_type, "at": at.isoformat(), "object": found, **more}
    return Answer(
        source=SOURCE, event_id=event_id, event_type=event_type, object_id=object_id, lane=lane,
        body=msgspec.json.encode(envelope), occurred_at=at, outcome=outcome,
    )  # fmt: skip


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]
