"""Gives a submission up, by a person who has looked at the provider: the request learns that it was refused, by the usual way.

Only where the provider has surely made nothing, because nobody will look again. What was made after all still comes in by
its webhook or by reconciliation, as an object that its request knows nothing of.
"""

from __future__ import annotations

import importlib
from typing import Any

from sqlalchemy import Connection

from core.ids import new_id
from models.audit import AUDIT, audit_row
from models.bulk import insert_rows
from workers import submissions
from workers.context import Context
from workers.store_answer import store_answer

_CODE = "abandoned"
_LOCK = """SELECT s.id, s.state, s.source, o.id, o.state, o.lane FROM bursar.submission s
           JOIN bursar.outbox o ON o.kind = s.source || '.submit' AND o.key = s.key
           WHERE s.key = %(key)s FOR UPDATE OF s, o"""
_TOLD = "SELECT queue, id FROM bursar.inbox WHERE source = %(source)s AND event_id = %(event_id)s"
_DONE = """UPDATE bursar.outbox SET state = 'done', token = NULL, lease_until = NULL, done_at = %(now)s, error = NULL,
                  error_class = NULL, fingerprint = NULL, result = '{"abandoned": true}' WHERE id = %(id)s"""


class NotToBeAbandonedError(Exception):
    """The submission has its answer, or is being sent at this moment; nothing was changed."""


def abandon(context: Context, key: str, *, actor: str, reason: str) -> tuple[str, int]:
    """Mark it abandoned and tell its request, in one transaction, audited; (queue, id) of the event that tells it.

    Raises:
        LookupError: there is no such submission.
        NotToBeAbandonedError: it is not open, or in a worker's hands.
    """
    now = context.clock.now()
    with context.engine.begin() as connection:
        found = connection.exec_driver_sql(_LOCK, {"key": key}).one_or_none()
        if found is None:
            raise LookupError(key)
        row_id, state, source, call_id, call_state, lane = found
        if state not in ("reserved", "in_flight", "unknown"):
            raise NotToBeAbandonedError(f"it is {state}: the provider has answered")
        if call_state == "processing":
            raise NotToBeAbandonedError("a worker is sending it at this moment")
        told = _refuse(connection, source, key, lane, reason, now)
        submissions.abandon(connection, source, key, now)
        connection.exec_driver_sql(_DONE, {"id": call_id, "now": now})
        audited = audit_row(
            context.keys,
            uid=new_id(now),
            at=now,
            actor=actor,
            reason=reason,
            action="submission.abandon",
            object_type="submission",
            object_id=key,
            before={"state": state, "id": row_id},
            after={"state": "abandoned"},
            inbox_id=None,
        )
        insert_rows(connection, AUDIT, [audited])
    return told


def _refuse(connection: Connection, source: str, key: str, lane: str, reason: str, now: Any) -> tuple[str, int]:
    """The answer that the provider never gave."""
    read = submissions.read(connection, source, key, lane, now)
    assert read is not None, "it was locked above"
    error = {"type": "invalid_request_error", "code": _CODE, "message": f"given up by an operator: {reason}"}
    make = importlib.import_module(f"providers.{source}.answers").make
    answer = make(read[0], error, "refused", now)
    store_answer(connection, answer, now=now)
    queue, row_id = connection.exec_driver_sql(_TOLD, {"source": source, "event_id": answer.event_id}).one()
    return str(queue), int(row_id)
