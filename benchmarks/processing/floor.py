"""The floor: what batches of 50 cost without product. No lanes, no parsing, no audit, no poison: nothing that must be there.

Claim committed first, then one transaction: bytes read and held, one UPDATE and one INSERT per event in a pipeline without
savepoints, one set-based done mark.
"""

from __future__ import annotations

from uuid import uuid4

import psycopg

from core.clock import SystemClock

BATCH = 50

_CLAIM = """
    WITH due AS (
        SELECT id FROM bursar.inbox WHERE queue = 'payments' AND state = 'received' AND crashes = 0
        ORDER BY fair_at, id LIMIT %s FOR UPDATE SKIP LOCKED)
    UPDATE bursar.inbox t SET state = 'processing', token = %s, lease_until = clock_timestamp() + interval '30 seconds'
    FROM due WHERE t.id = due.id RETURNING t.id"""
_READ = """
    SELECT i.id, i.event_id, i.object_id, p.body FROM bursar.inbox i
    JOIN bursar.inbox_payload p ON p.inbox_id = i.id AND p.received_at = i.received_at
    WHERE i.id = ANY(%s) AND i.token = %s ORDER BY i.id FOR UPDATE OF i"""
_UPDATE = "UPDATE bench.item SET amount = amount + 1, status = 'paid', event = %s, changed_at = %s WHERE id = %s"
_INSERT = "INSERT INTO bench.effect (item, event, at, detail) VALUES (%s, %s, %s, %s)"
_DONE = """UPDATE bursar.inbox SET state = 'done', token = NULL, lease_until = NULL, done_at = %s
           WHERE id = ANY(%s) AND token = %s"""
_DETAIL = '{"status": "paid"}'


def drain(url: str) -> int:
    """Process the queue until it is empty; how many were done."""
    done = 0
    clock = SystemClock()
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
        while ids := _claimed(connection, token := uuid4()):
            with connection.transaction():
                rows = connection.execute(_READ, (ids, token)).fetchall()
                now = clock.now()
                with connection.pipeline(), connection.cursor() as cursor:
                    for _, event_id, item, _ in rows:
                        cursor.execute(_UPDATE, (event_id, now, item))
                        cursor.execute(_INSERT, (item, event_id, now, _DETAIL))
                    cursor.execute(_DONE, (now, ids, token))
            done += len(rows)
    return done


def _claimed(connection: psycopg.Connection[tuple[object, ...]], token: object) -> list[object]:
    return [row[0] for row in connection.execute(_CLAIM, (BATCH, token))]


