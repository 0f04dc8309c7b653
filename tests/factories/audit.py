"""Audit rows as the unit of work writes them, written straight into the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from core.crypto import KeyRing
from core.ids import new_id
from models.audit import audit_row

AT = datetime(2026, 3, 1, 12, 0, 0, 123_400, tzinfo=UTC)
KEYS = KeyRing({"k1": b"0123456789abcdef0123456789abcdef"})

_INSERT = """
    INSERT INTO bursar.audit (uid, at, actor, reason, action, object_type, object_id, before, after, inbox_id,
                              key_id, mac)
    VALUES (%(uid)s, %(at)s, %(actor)s, %(reason)s, %(action)s, %(object_type)s, %(object_id)s, %(before)s, %(after)s,
            %(inbox_id)s, %(key_id)s, %(mac)s) RETURNING id"""


def make_row(number: int = 0, *, keys: KeyRing = KEYS, **columns: Any) -> dict[str, Any]:
    """One row with its MAC: a status that changed; `columns` replace its parts."""
    at = AT + timedelta(seconds=number)
    values: dict[str, Any] = {
        "uid": new_id(at),
        "at": at,
        "actor": "provider:stripe",
        "reason": "customer.subscription.updated",
        "action": "subscription.status",
        "object_type": "subscription",
        "object_id": f"sub_{number}",
        "before": {"status": "active"},
        "after": {"status": "past_due", "amount_minor": number},
        "inbox_id": number + 1,
    }
    return audit_row(keys, **(values | columns))


def store_rows(connection: psycopg.Connection[Any], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Store rows; returns their ids."""
    return [_stored(connection, row) for row in rows]


def _stored(connection: psycopg.Connection[Any], row: Mapping[str, Any]) -> int:
    json = {name: None if row[name] is None else Jsonb(row[name]) for name in ("before", "after")}
    found = connection.execute(_INSERT, {**row, **json}).fetchone()
    assert found is not None
    return int(found[0] if isinstance(found, tuple) else found["id"])
