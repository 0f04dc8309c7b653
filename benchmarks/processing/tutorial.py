"""Celery as its tutorials use it: one message per event, one transaction per task, default settings."""

from __future__ import annotations

import json
import os
from functools import cache

import psycopg
from celery import Celery

from core.clock import SystemClock

app = Celery("tutorial", broker=os.environ.get("TUTORIAL_BROKER"))


@cache
def _connection() -> psycopg.Connection[tuple[object, ...]]:
    """One per process; tutorials that connect for each task are slower still."""
    return psycopg.connect(os.environ["TUTORIAL_DATABASE"])


@app.task(name="tutorial.handle")  # type: ignore[untyped-decorator]  # celery has no types
def handle(row_id: int) -> None:
    """Load the event, do the job (one UPDATE, one INSERT), mark it done, commit."""
    now = SystemClock().now()
    connection = _connection()
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.event_id, i.object_id, p.body FROM bursar.inbox i JOIN bursar.inbox_payload p ON p.inbox_id = i.id "
            "AND p.received_at = i.received_at WHERE i.id = %s",
            [row_id],
        )
        found = cursor.fetchone()
        assert found is not None
        json.loads(found[2])  # type: ignore[arg-type]  # bytes
        cursor.execute(
            "UPDATE bench.item SET amount = amount + 1, status = 'paid', event = %s, changed_at = %s WHERE id = %s",
            (found[0], now, found[1]),
        )
        cursor.execute(
            "INSERT INTO bench.effect (item, event, at, detail) VALUES (%s, %s, %s, %s)",
            (found[1], found[0], now, '{"status": "paid"}'),
        )
        cursor.execute("UPDATE bursar.inbox SET state = 'done', done_at = %s WHERE id = %s", (now, row_id))
