"""Inbox rows as the door would store them, written straight into the table."""

from __future__ import annotations

import hashlib
import itertools
import json
from datetime import UTC, datetime
from typing import Any

import psycopg

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_numbers = itertools.count(1)

_INSERT = """
    WITH stored AS (
        INSERT INTO bursar.inbox (source, event_id, event_type, object_id, lane, queue, state, ignored_reason, sha256,
                                  received_at, fair_at, next_at)
        VALUES (%(source)s, %(event_id)s, %(event_type)s, %(object_id)s, %(lane)s, %(queue)s, %(state)s, %(reason)s, %(sha256)s,
                %(now)s, %(now)s, %(now)s)
        RETURNING id, received_at)
    INSERT INTO bursar.inbox_payload (inbox_id, received_at, headers, body) SELECT id, received_at, '{}', %(body)s FROM stored
    RETURNING inbox_id"""


def store_event(connection: psycopg.Connection[Any], body: dict[str, Any] | bytes, **columns: Any) -> int:
    """Store one event; returns its inbox id. Columns default to a probe event of queue `payments`."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    values: dict[str, Any] = {
        "source": "probe",
        "event_id": f"evt_{next(_numbers)}",
        "event_type": "thing.happened",
        "object_id": None,
        "queue": "payments",
        "state": "received",
        "reason": None,
        "sha256": hashlib.sha256(raw).digest(),
        "now": NOW,
        "body": raw,
    }
    values |= columns
    values.setdefault("lane", f"lane:{values['event_id']}")
    row = connection.execute(_INSERT, values).fetchone()
    assert row is not None
    return int(row[0])


def inbox_row(connection: psycopg.Connection[Any], row_id: int) -> dict[str, Any]:
    """One inbox row as a dict."""
    cursor = connection.execute("SELECT * FROM bursar.inbox WHERE id = %s", [row_id])
    row = cursor.fetchone()
    assert row is not None
    assert cursor.description is not None
    return dict(zip((column.name for column in cursor.description), row, strict=True))


def states(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """How many inbox rows are in each state."""
    return dict(connection.execute("SELECT state, count(*) FROM bursar.inbox GROUP BY state").fetchall())
