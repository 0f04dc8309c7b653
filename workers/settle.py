"""What to do when the database, not the handler, is at fault, and when a worker died with rows in hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeGuard

import psycopg
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from workers.context import Context
from workers.first_in_first_out import wake_after_dead
from workers.inbox_claims import InboxClaim, mark_crashed, release

log = structlog.get_logger(__name__)

_CONFLICTS = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure, psycopg.errors.LockNotAvailable)
# With these the server itself says that it goes, or that another backend died: no row of ours did that.
_FAREWELLS = (psycopg.errors.AdminShutdown, psycopg.errors.CrashShutdown)
_RECONNECT_TRIES = 20
_RECONNECT_WAIT_S = 0.25

def is_disconnect(error: BaseException) -> TypeGuard[DBAPIError]:
    """Whether the connection was lost: nobody can say on it what became of the rows."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def is_conflict(error: DBAPIError) -> bool:
    """Whether two transactions were in each other's way (deadlock, lock time-out, serialisation)."""
    return isinstance(error.orig, _CONFLICTS)


def lost_connection(context: Context, claim: InboxClaim, ids: Sequence[int], error: DBAPIError) -> None:
    """Give rows back after the connection was lost; a crash is counted unless the server said that it was not their fault."""
    if isinstance(error.orig, _FAREWELLS):
        _give_back(context, ids, lambda connection: release(connection, claim, ids))
    else:
        crashed_in_hand(context, claim, ids)


def crashed_in_hand(context: Context, claim: InboxClaim, ids: Sequence[int]) -> None:
    """Give rows back at once after the connection was lost or the time ran out, instead of waiting for the lease to lapse."""
    max_crashes, now = context.settings.max_crashes, context.clock.now()

    def give(connection: Connection) -> None:
        mark_crashed(connection, claim, ids, max_crashes=max_crashes, now=now)
        wake_after_dead(connection, ids)

    _give_back(context, ids, give)


def _give_back(context: Context, ids: Sequence[int], give: Callable[[Connection], object]) -> None:
    """If the lost commit went through after all, the claim is gone and this changes nothing.

    If the database stays away, the lease lapses and the sweep does the same.
    """
    for _ in range(_RECONNECT_TRIES):
        try:
            with context.engine.begin() as connection:
                give(connection)
            return
        except DBAPIError:
            time.sleep(_RECONNECT_WAIT_S)
    log.warning("rows_left_to_the_lease", rows=len(ids), table="inbox")
