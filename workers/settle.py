"""What to do when the database, not the handler, is at fault, and when a worker died with rows in hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeGuard

import psycopg
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from workers.claims import Claim, TableName, release
from workers.context import Context

log = structlog.get_logger(__name__)

_CONFLICTS = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure, psycopg.errors.LockNotAvailable)
# With these the server itself says that it goes, or that another backend died: no row of ours did that.
_FAREWELLS = (psycopg.errors.AdminShutdown, psycopg.errors.CrashShutdown)
_RECONNECT_TRIES = 20
_RECONNECT_WAIT_S = 0.25

_CRASH = {
    table: f"""
        crashes = crashes + 1, solo_crashes = solo_crashes + claimed_alone::int, token = NULL, lease_until = NULL,
        ready_at = clock_timestamp(),
        next_at = %(now)s,
        state = CASE WHEN claimed_alone AND solo_crashes + 1 >= %(max_crashes)s THEN 'dead' ELSE 'received' END,
        error_class = 'WorkerCrash', fingerprint = coalesce(fingerprint, 'crash:' || left(md5({subject}), 12)),
        error = 'The worker died (killed, out of memory, time limit or lost connection) while it held this row'
              || CASE WHEN claimed_alone THEN ' alone.' ELSE ' among others.' END"""
    for table, subject in (("inbox", "source || event_type"), ("outbox", "kind"))
}

_CRASHED_IN_HAND = {
    table: f"UPDATE bursar.{table} SET {_CRASH[table]} WHERE id = ANY(%(ids)s) AND token = %(token)s"
    for table in _CRASH
}

_LAPSED = {
    table: f"""
        WITH lapsed AS (
            SELECT id FROM bursar.{table} WHERE state = 'processing' AND lease_until < clock_timestamp()
            ORDER BY lease_until LIMIT 1000 FOR UPDATE SKIP LOCKED)
        UPDATE bursar.{table} t SET {_CRASH[table]} FROM lapsed WHERE t.id = lapsed.id RETURNING t.id, t.state"""
    for table in _CRASH
}


def is_disconnect(error: BaseException) -> TypeGuard[DBAPIError]:
    """Whether the connection was lost: nobody can say on it what became of the rows."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def is_conflict(error: DBAPIError) -> bool:
    """Whether two transactions were in each other's way (deadlock, lock time-out, serialisation)."""
    return isinstance(error.orig, _CONFLICTS)


def lost_connection(context: Context, claim: Claim, ids: Sequence[int], error: DBAPIError) -> None:
    """Give rows back after the connection was lost; a crash is counted unless the server said that it was not their fault."""
    if isinstance(error.orig, _FAREWELLS):
        _give_back(context, claim, ids, lambda connection: release(connection, claim, ids))
    else:
        crashed_in_hand(context, claim, ids)


def crashed_in_hand(context: Context, claim: Claim, ids: Sequence[int]) -> None:
    """Give rows back at once after the connection was lost or the time ran out, instead of waiting for the lease to lapse."""
    bound = {
        "ids": list(ids),
        "token": claim.token,
        "max_crashes": context.settings.max_crashes,
        "now": context.clock.now(),
    }
    _give_back(context, claim, ids, lambda connection: connection.exec_driver_sql(_CRASHED_IN_HAND[claim.table], bound))


def _give_back(context: Context, claim: Claim, ids: Sequence[int], give: Callable[[Connection], object]) -> None:
    """If the lost commit went through after all, the token is gone from the rows and this changes nothing.

    If the database stays away, the lease lapses and the sweep does the same.
    """
    for _ in range(_RECONNECT_TRIES):
        try:
            with context.engine.begin() as connection:
                give(connection)
            return
        except DBAPIError:
            time.sleep(_RECONNECT_WAIT_S)
    log.warning("rows_left_to_the_lease", rows=len(ids), table=claim.table)


def lapse(connection: Connection, table: TableName, max_crashes: int, now: datetime) -> list[tuple[int, str]]:
    """Count a crash for each row whose lease ended unlocked; returns (id, new state). Part of the sweep."""
    return [(row[0], row[1]) for row in connection.exec_driver_sql(_LAPSED[table], {"max_crashes": max_crashes, "now": now})]
