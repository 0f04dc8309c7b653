"""Puts a provider's answer to a look-up into the inbox, in the transaction that settles the look-up."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection

from providers.answer import Answer
from workers.routing import ignored_reason, queue_of

STORED = """
    INSERT INTO bursar.inbox (source, event_id, event_type, object_id, lane, queue, state, ignored_reason, sha256,
                              occurred_at, received_at, fair_at, next_at)
    VALUES (%(source)s, %(event_id)s, %(event_type)s, %(object_id)s, %(lane)s, %(queue)s, %(state)s, %(reason)s, %(sha256)s,
            %(occurred_at)s, %(now)s, %(now)s, %(now)s)
    ON CONFLICT (source, event_id) DO NOTHING RETURNING id"""
BODY = """
    INSERT INTO bursar.inbox_payload (inbox_id, received_at, headers, body) SELECT id, %(now)s, '{}', %(body)s FROM stored"""
"""Two parts of a statement that stores an answer; the first one is named `stored`, the values of both are `answer_values`."""

_STORE = f"WITH stored AS ({STORED}) {BODY}"
_HELD = "SELECT sha256 FROM bursar.inbox WHERE source = %(source)s AND event_id = %(event_id)s"

Stored = Literal["new", "duplicate", "conflict"]


def store_answer(connection: Connection, answer: Answer, *, now: datetime) -> Stored:
    """One inbox row per answer. The same id again changes nothing: with the same bytes it is a duplicate, else a conflict."""
    values = answer_values(answer, now)
    if connection.exec_driver_sql(_STORE, values).rowcount:
        return "new"
    held = connection.exec_driver_sql(_HELD, values).scalar_one()
    return "duplicate" if bytes(held) == values["sha256"] else "conflict"


def answer_values(answer: Answer, now: datetime) -> dict[str, Any]:
    """An answer as the row that it becomes."""
    reason = ignored_reason(answer.source, answer.event_type)
    return {
        "source": answer.source,
        "event_id": answer.event_id,
        "event_type": answer.event_type,
        "object_id": answer.object_id,
        "lane": answer.lane,
        "queue": queue_of(answer.source, answer.event_type),
        "state": "ignored" if reason else "received",
        "reason": reason,
        "sha256": hashlib.sha256(answer.body).digest(),
        "occurred_at": answer.occurred_at,
        "now": now,
        "body": answer.body,
    }
