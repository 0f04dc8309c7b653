"""Everything that the database knows about one event, for `inbox show`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

_ROW = """SELECT *, EXISTS (SELECT FROM bursar.inbox_claim WHERE %(id)s = ANY (ids)) AS in_hand FROM bursar.inbox WHERE id = %(id)s"""
_PAYLOAD = """SELECT p.headers, p.body FROM bursar.inbox_payload p WHERE p.inbox_id = %(id)s AND p.received_at = %(received_at)s"""
_AUDIT = """SELECT id, at, actor, action, object_type, object_id, reason, before, after FROM bursar.audit WHERE inbox_id = %(id)s
            ORDER BY id DESC LIMIT %(limit)s"""
_OUTBOX = """SELECT id, kind, key, queue, state, attempts, created_at, done_at, error FROM bursar.outbox WHERE inbox_id = %(id)s
             ORDER BY id DESC LIMIT %(limit)s"""
_CONFLICTS = """SELECT id, received_at, encode(sha256, 'hex') AS sha256, octet_length(body) AS bytes FROM bursar.inbox_conflict
                WHERE source = %(source)s AND event_id = %(event_id)s ORDER BY id DESC LIMIT %(limit)s"""
_LIMIT = 100


@dataclass(frozen=True, slots=True)
class FactsOf:
    """One event's row, bytes, and what it caused; lists are newest first, at most 100 long."""

    row: dict[str, Any]
    headers: str | None
    body: bytes | None
    audit: list[dict[str, Any]]
    outbox: list[dict[str, Any]]
    conflicts: list[dict[str, Any]]


def facts_of(connection: Connection, row_id: int) -> FactsOf:
    """Read it all; the row must exist."""
    row = dict(connection.exec_driver_sql(_ROW, {"id": row_id}).one()._mapping)
    if row.pop("in_hand") and row["state"] == "received":
        # It stands in a worker's claim; its stored state stays until it is done.
        row["state"] = "processing"
    bound = {
        "id": row_id,
        "limit": _LIMIT,
        "received_at": row["received_at"],
        "source": row["source"],
        "event_id": row["event_id"],
    }
    payload = connection.exec_driver_sql(_PAYLOAD, bound).one_or_none()
    return FactsOf(
        row=row,
        headers=payload[0] if payload else None,
        body=bytes(payload[1]) if payload else None,
        audit=_all(connection, _AUDIT, bound),
        outbox=_all(connection, _OUTBOX, bound),
        conflicts=_all(connection, _CONFLICTS, bound),
    )


def _all(connection: Connection, sql: str, bound: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.exec_driver_sql(sql, bound)]
