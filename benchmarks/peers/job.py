"""The job that all libraries do: load the event, one UPDATE, one INSERT, the `done` mark; one transaction."""

from __future__ import annotations

import itertools
import json
import re
from functools import cache
from typing import Any

import psycopg

from core.clock import SystemClock

PENDING = "SELECT id FROM bursar.inbox WHERE state = 'received' ORDER BY fair_at"
_LOAD = """SELECT i.event_id, i.object_id, p.body FROM bursar.inbox i
           JOIN bursar.inbox_payload p ON p.inbox_id = i.id AND p.received_at = i.received_at WHERE i.id = %s"""
_UPDATE = "UPDATE bench.item SET amount = amount + 1, status = 'paid', event = %s, changed_at = %s WHERE id = %s"
_INSERT = "INSERT INTO bench.effect (item, event, at, detail) VALUES (%s, %s, %s, %s)"
_DONE = "UPDATE bursar.inbox SET state = 'done', done_at = %s WHERE id = %s"
_DETAIL = '{"status": "paid"}'


def do(connection: psycopg.Connection[Any], row_id: int) -> None:
    """With a connection of one's own."""
    now = SystemClock().now()
    with connection.transaction():
        found = connection.execute(_LOAD, (row_id,)).fetchone()
        assert found is not None
        json.loads(found[2])
        connection.execute(_UPDATE, (found[0], now, found[1]))
        connection.execute(_INSERT, (found[1], found[0], now, _DETAIL))
        connection.execute(_DONE, (now, row_id))


async def do_async(connection: Any, row_id: int) -> None:
    """The same with asyncpg."""
    now = SystemClock().now()
    async with connection.transaction():
        found = await connection.fetchrow(_numbered(_LOAD), row_id)
        json.loads(found[2])
        await connection.execute(_numbered(_UPDATE), found[0], now, found[1])
        await connection.execute(_numbered(_INSERT), found[1], found[0], now, _DETAIL)
        await connection.execute(_numbered(_DONE), now, row_id)


@cache
def _numbered(statement: str) -> str:
    """PostgreSQL's own placeholders, which asyncpg wants."""
    numbers = itertools.count(1)
    return re.sub("%s", lambda _: f"${next(numbers)}", statement)
