"""Puts a provider's answer to a look-up into the inbox, in the transaction that settles the look-up."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from providers.answer import Answer
from workers.routing import ignored_reason, queue_of

_STORE = """
    WITH stored AS (
        INSERT INTO bursar.inbox (source, event_id, event_type, object_id, lane, queue, state, ignored_reason, sha256,
                                  occurred_at, received_at, fair_at, next_at)
        VALUES (%(source)s, %(event_id)s, %(event_type)s, %(object_id)s, %(lane)s, %(queue)s, %(state)s, %(reason)s, %(sha256)s,
                %(occurred_at)s, %(now)s, %(now)s, %(now)s)
        ON CONFLICT (source, event_id) DO NOTHING RETURNING id)
    INSERT INTO bursar.inbox_payload (inbox_id, received_at, headers, body) SELECT id, %(now)s, '{}', %(body)s FROM stored"""

_HELD = "SELECT sha256 FROM bursar.inbox WHERE source = %(source)s AND event_id = %(event_id)s"

Stored = Literal["new", "duplicate", "conflict"]


def store_answer(connection: Connection, answer: Answer, *, now: datetime) -> Stored:
    """One inbox row per answer. The same id again changes nothing: with the same bytes it is a duplicate, else a conflict."""
    reason = ignored_reason(answer.source, answer.event_type)
    digest = hashlib.sha256(answer.body).digest()
    made = connection.exec_driver_sql(
        _STORE,
        {
            "source": answer.source,
            "event_id": answer.event_id,
            "event_type": answer.event_type,
            "object_id": answer.object_id,
            "lane": answer.lane,
            "queue": queue_of(answer.source, answer.event_type),
            "state": "ignored" if reason else "received",
            "reason": reason,
            "sha256": digest,
            "occurred_at": answer.occurred_at,
            "now": now,
            "body": answer.body,
        },
    )
    if made.rowcount:
        return "new"
    held = connection.exec_driver_sql(_HELD, {"source": answer.source, "event_id": answer.event_id}).scalar_one()
    return "duplicate" if bytes(held) == digest else "conflict"
