"""Claims: who works on a row, proven by a token and a lease (INBOX-15, INBOX-16). All SQL of the state machine lives here.

    received -> processing -> done
                           -> waiting (failed, due again at next_at) -> received
                           -> dead
    processing, lease lapsed and row not locked -> received, one crash counted

The same statements serve `inbox` and `outbox`. `%(now)s` is the business's clock; leases are the database's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import Connection

TableName = Literal["inbox", "outbox"]


@dataclass(frozen=True, slots=True)
class Claim:
    """Rows that are ours until the lease ends: `token` must still be on a row whenever we write to it."""

    table: TableName
    token: UUID
    ids: tuple[int, ...]


_TABLES: tuple[TableName, ...] = ("inbox", "outbox")

# A row whose worker once died is taken alone, so that poison takes no neighbour with it (promise 7).
_FREE = {
    "next": "crashes = 0",
    "suspect": "crashes > 0",
    "named": "crashes = 0 AND id = ANY(%(ids)s)",
    "named suspect": "crashes > 0 AND id = ANY(%(ids)s)",
}
_CLAIM = {
    (table, which): f"""
        WITH due AS (
            SELECT id FROM bursar.{table}
            WHERE queue = %(queue)s AND state = 'received' AND {_FREE[which]}
            ORDER BY fair_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
        UPDATE bursar.{table} t
        SET state = 'processing', token = %(token)s, lease_until = clock_timestamp() + %(lease_s)s * interval '1 second',
            claimed_alone = (SELECT count(*) = 1 FROM due), started_at = %(now)s
        FROM due WHERE t.id = due.id RETURNING t.id"""
    for table in _TABLES
    for which in _FREE
}

# The row locks taken here are the heartbeat: the sweep skips locked rows, so a long transaction is not called a crash.
_HOLD = {
    table: f"SELECT id FROM bursar.{table} WHERE id = ANY(%(ids)s) AND token = %(token)s ORDER BY id FOR UPDATE"
    for table in _TABLES
}

_RENEW = {
    table: f"""UPDATE bursar.{table} SET lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
               WHERE id = ANY(%(ids)s) AND token = %(token)s"""
    for table in _TABLES
}

_RELEASE = {
    table: f"""UPDATE bursar.{table} SET state = 'received', token = NULL, lease_until = NULL, ready_at = clock_timestamp()
               WHERE id = ANY(%(ids)s) AND token = %(token)s"""
    for table in _TABLES
}

_DONE = """UPDATE bursar.inbox SET state = 'done', token = NULL, lease_until = NULL, done_at = %(now)s, handler_version = %(version)s,
                  error = NULL, error_class = NULL, fingerprint = NULL
           WHERE id = ANY(%(ids)s) AND token = %(token)s"""

_FAILED = {
    table: f"""
        UPDATE bursar.{table} SET state = %(state)s, token = NULL, lease_until = NULL, attempts = attempts + %(counted)s,
               next_at = %(next_at)s,
               error_class = %(error_class)s, error = %(error)s, fingerprint = %(fingerprint)s, handler_version = %(version)s
        WHERE id = %(id)s AND token = %(token)s"""
    for table in _TABLES
}

_CALLED = """UPDATE bursar.outbox SET state = 'done', token = NULL, lease_until = NULL, done_at = %(now)s, result = %(result)s,
                    handler_version = %(version)s, error = NULL, error_class = NULL, fingerprint = NULL
             WHERE id = %(id)s AND token = %(token)s"""


def claim_named(
    connection: Connection, table: TableName, queue: str, ids: Sequence[int], *, now: datetime, lease_s: float
) -> Claim | None:
    """Claim those of `ids` that are free; a row with crashes only when it is the one asked for."""
    which = "named" if len(ids) > 1 else "named suspect"
    claim = _claim(connection, table, which, queue, len(ids), now, lease_s, ids=list(ids))
    return claim or (
        _claim(connection, table, "named", queue, 1, now, lease_s, ids=list(ids)) if len(ids) == 1 else None
    )


def claim_next(
    connection: Connection, table: TableName, queue: str, limit: int, *, now: datetime, lease_s: float
) -> Claim | None:
    """Claim up to `limit` rows in fair order."""
    return _claim(connection, table, "next", queue, limit, now, lease_s)


def claim_suspect(
    connection: Connection, table: TableName, queue: str, *, now: datetime, lease_s: float
) -> Claim | None:
    """Claim one row that has crashed a worker before, alone."""
    return _claim(connection, table, "suspect", queue, 1, now, lease_s)


def _claim(
    connection: Connection,
    table: TableName,
    which: str,
    queue: str,
    limit: int,
    now: datetime,
    lease_s: float,
    **more: Any,
) -> Claim | None:
    token = uuid4()
    bound = {"queue": queue, "limit": limit, "token": token, "lease_s": lease_s, "now": now, **more}
    ids = tuple(row[0] for row in connection.exec_driver_sql(_CLAIM[table, which], bound))
    connection.commit()
    return Claim(table, token, ids) if ids else None


def hold(connection: Connection, claim: Claim, ids: Sequence[int]) -> list[int]:
    """Lock those of `ids` that are still ours, for the rest of this transaction; what another one took is left out."""
    return [row[0] for row in connection.exec_driver_sql(_HOLD[claim.table], {"ids": list(ids), "token": claim.token})]


def renew(connection: Connection, claim: Claim, ids: Sequence[int], *, lease_s: float) -> None:
    """Lengthen the lease of rows that wait for their turn in this process."""
    connection.exec_driver_sql(_RENEW[claim.table], {"ids": list(ids), "token": claim.token, "lease_s": lease_s})


def release(connection: Connection, claim: Claim, ids: Sequence[int]) -> None:
    """Put rows back untouched: their lane was taken."""
    connection.exec_driver_sql(_RELEASE[claim.table], {"ids": list(ids), "token": claim.token})


def mark_done(connection: Connection, claim: Claim, ids: Sequence[int], *, now: datetime, version: str) -> None:
    """The `done` marks, in the effects' own transaction (INBOX-16)."""
    marked = connection.exec_driver_sql(_DONE, {"ids": list(ids), "token": claim.token, "now": now, "version": version})
    if marked.rowcount != len(ids):
        raise LostClaimError(
            f"{len(ids) - marked.rowcount} of {len(ids)} inbox rows were taken over by another worker; nothing of this batch is written"
        )


def mark_failed(connection: Connection, claim: Claim, row_id: int, **values: Any) -> bool:
    """Write a handled error: the next state, when it is due, what went wrong, if a try is used up. False if the row is no longer ours."""
    bound = {"counted": 1, "id": row_id, "token": claim.token, **values}
    return bool(connection.exec_driver_sql(_FAILED[claim.table], bound).rowcount)


def mark_called(connection: Connection, claim: Claim, row_id: int, **values: Any) -> bool:
    """Settle an outbox row after its call. False if the row is no longer ours."""
    return bool(connection.exec_driver_sql(_CALLED, {"id": row_id, "token": claim.token, **values}).rowcount)


class LostClaimError(RuntimeError):
    """The lease lapsed while we worked and another worker has the rows; our transaction must not commit."""
