"""Claims on the outbox: who makes a call, proven by a token and a lease on its row. All SQL of its states lives here.

    received -> processing -> done
                           -> waiting (failed, due again at next_at) -> received
                           -> dead
    processing, lease lapsed and row not locked -> received, one crash counted

A call is claimed alone and outlives every transaction, so its claim is a mark on its row; batches of the inbox have
claims of their own (inbox_claims.py). `%(now)s` is the business's clock; leases are the database's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import Connection

from models.statements import BY_ITSELF


class Call(NamedTuple):
    """An outbox row as its performer sees it."""

    id: int
    kind: str
    key: str
    lane: str
    payload: dict[str, Any]
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A call that is ours until the lease ends: `token` must still be on the row whenever we write to it."""

    token: UUID
    queue: str
    call: Call

    @property
    def id(self) -> int:
        """The row's."""
        return self.call.id


# A submission is not given up for its workers' deaths: what it has made at the provider must be found out.
_TAKE = """
    UPDATE bursar.outbox t
    SET state = 'processing', token = %(token)s, lease_until = clock_timestamp() + %(lease_s)s * interval '1 second',
        claimed_alone = true, started_at = %(now)s
    FROM due WHERE t.id = due.id RETURNING t.id, t.kind, t.key, t.lane, t.payload, t.attempts, t.created_at"""
_FREE = "SELECT id FROM bursar.outbox WHERE queue = %(queue)s AND state = 'received'"
_NAMED = f"WITH due AS ({_FREE} AND id = %(id)s FOR UPDATE SKIP LOCKED) {_TAKE}"
# A row whose worker once died comes first, so that it is settled one way or the other.
_NEXT = f"""
    WITH suspect AS MATERIALIZED ({_FREE} AND crashes > 0 ORDER BY fair_at, id LIMIT 1 FOR UPDATE SKIP LOCKED),
         other AS MATERIALIZED ({_FREE} AND crashes = 0 AND NOT EXISTS (SELECT FROM suspect)
                                ORDER BY fair_at, id LIMIT 1 FOR UPDATE SKIP LOCKED),
         due AS (SELECT id FROM suspect UNION ALL SELECT id FROM other)
    {_TAKE}"""

_FAILED = """
    UPDATE bursar.outbox SET state = %(state)s, token = NULL, lease_until = NULL, attempts = attempts + %(counted)s,
           next_at = %(next_at)s,
           error_class = %(error_class)s, error = %(error)s, fingerprint = %(fingerprint)s, handler_version = %(version)s
    WHERE id = %(id)s AND token = %(token)s"""

CALLED = """UPDATE bursar.outbox SET state = 'done', token = NULL, lease_until = NULL, done_at = %(now)s, result = %(result)s,
                   handler_version = %(version)s, error = NULL, error_class = NULL, fingerprint = NULL
            WHERE id = %(id)s AND token = %(token)s"""
"""As a part of the statement that settles a call; no row: it is no longer ours."""

_LAPSED = """
    WITH lapsed AS (
        SELECT id FROM bursar.outbox WHERE state = 'processing' AND lease_until < clock_timestamp()
        ORDER BY lease_until LIMIT 1000 FOR UPDATE SKIP LOCKED)
    UPDATE bursar.outbox t
    SET crashes = crashes + 1, solo_crashes = solo_crashes + 1, token = NULL, lease_until = NULL,
        ready_at = clock_timestamp(), next_at = %(now)s,
        state = CASE WHEN solo_crashes + 1 >= %(max_crashes)s AND kind NOT LIKE '%%.submit' THEN 'dead' ELSE 'received' END,
        error_class = 'WorkerCrash', fingerprint = coalesce(fingerprint, 'crash:' || left(md5(kind), 12)),
        error = 'The worker died (killed, out of memory, time limit or lost connection) while it held this row alone.'
    FROM lapsed WHERE t.id = lapsed.id RETURNING t.id, t.state"""


def claim_named(connection: Connection, queue: str, row_id: int, *, now: datetime, lease_s: float) -> Claim | None:
    """Claim that call, if it is free."""
    return _claim(connection, _NAMED, queue, now, lease_s, id=row_id)


def claim_next(connection: Connection, queue: str, *, now: datetime, lease_s: float) -> Claim | None:
    """Claim a call that has crashed a worker before, or else the next one in fair order."""
    return _claim(connection, _NEXT, queue, now, lease_s)


def _claim(connection: Connection, sql: str, queue: str, now: datetime, lease_s: float, **more: Any) -> Claim | None:
    token = uuid4()
    bound = {"queue": queue, "token": token, "lease_s": lease_s, "now": now, **more}
    found = connection.exec_driver_sql(sql, bound, BY_ITSELF).one_or_none()
    connection.commit()
    return None if found is None else Claim(token, queue, Call._make(found))


def mark_failed(connection: Connection, claim: Claim, **values: Any) -> bool:
    """Write a handled error: the next state, when it is due, what went wrong, if a try is used up. False if the row is no longer ours."""
    bound = {"id": claim.id, "token": claim.token, **values}
    ours = bool(connection.exec_driver_sql(_FAILED, bound, BY_ITSELF).rowcount)
    connection.commit()
    return ours


def lapse(connection: Connection, max_crashes: int, now: datetime) -> list[tuple[int, str]]:
    """Count a crash for each row whose lease ended unlocked; returns (id, new state). Part of the sweep."""
    found = connection.exec_driver_sql(_LAPSED, {"max_crashes": max_crashes, "now": now})
    return [(row[0], row[1]) for row in found.all()]
