"""Claims on the inbox: one row for a whole batch says who works on it (INBOX-15, INBOX-16). All SQL of its states lives here.

    received -> (stands in a claim: operators see `processing`) -> done
                                                                -> waiting (failed, due again at next_at) -> received
                                                                -> dead
    claim's lease lapsed and its row not locked -> its rows are free, one crash counted on each

A claim is committed before the work. The effect transaction locks the claim's row: that lock is the heartbeat, because
sweeps pass over locked claims. The rows' own state says whether they are still to be done; it is looked at after the
lanes are taken and checked again by the `done` mark, so two claims on one row could do no harm.
`%(now)s` is the business's clock; leases are the database's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection

from models.bulk import as_json
from models.statements import BY_ITSELF, Statement, ask_in_turn

REACH = 500
"""How far a claim looks past rows whose lanes are busy, at first; it looks further only when all of these are."""


@dataclass(frozen=True, slots=True)
class InboxClaim:
    """Rows that are ours until the lease ends, with their lanes."""

    token: UUID
    lanes: dict[int, str]
    first: datetime
    last: datetime
    """Between these the rows were received; it tells PostgreSQL which months to look into."""
    at: datetime
    suspect: bool

    @property
    def ids(self) -> list[int]:
        """The claimed rows, in the order of their ids."""
        return sorted(self.lanes)


_CLAIM = """SELECT * FROM bursar.claim_inbox(
                %(queue)s, %(ids)s::bigint[], %(suspects)s, %(most)s, %(reach)s, %(token)s, %(lease_s)s, %(now)s)"""

# It also tells the planner to go by indexes: plans live as long as the connection, those of foreign keys too, and one made
# while a table was small would read the whole of it for each row until autovacuum looks at the table. And to keep its plans: a
# statement that names one or two rows by a list would else be planned anew each time, which costs several times what it does.
_HOLD = """
    WITH held AS MATERIALIZED (
        SELECT set_config('enable_seqscan', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)
        FROM bursar.inbox_claim WHERE token = %(token)s FOR UPDATE)
    SELECT taken.lane FROM held LEFT JOIN LATERAL (
        SELECT lane FROM json_array_elements_text(%(lanes)s::json) AS lane
        WHERE pg_try_advisory_xact_lock(hashtextextended(lane, 0))) AS taken ON true"""

_RENEW = """UPDATE bursar.inbox_claim SET lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
            WHERE token = %(token)s"""

# The claim goes with its last row. `mine` has its rows as they were; it is locked before the others look at it.
_FREED = """
    mine AS MATERIALIZED (SELECT token, ids, alone, started_at FROM bursar.inbox_claim WHERE token = %(token)s FOR UPDATE),
    gone AS (DELETE FROM bursar.inbox_claim c USING mine WHERE c.token = mine.token AND mine.ids <@ %(ids)s::bigint[]),
    smaller AS (UPDATE bursar.inbox_claim c SET ids = ARRAY(SELECT unnest(mine.ids) EXCEPT SELECT unnest(%(ids)s::bigint[]))
                FROM mine WHERE c.token = mine.token AND NOT mine.ids <@ %(ids)s::bigint[])"""

_RELEASE = f"WITH {_FREED} SELECT FROM mine"

# `(state = 'received') IS TRUE`: a row of ours is looked for by its id. A plan that was kept from a quiet hour would else go through
# the index of all that waits, once for each batch of a backlog.
_DONE = f"""
    WITH {_FREED}
    UPDATE bursar.inbox SET state = 'done', started_at = mine.started_at, done_at = %(now)s, handler_version = %(version)s,
           error = NULL, error_class = NULL, fingerprint = NULL
    FROM mine WHERE id = ANY(%(done)s::bigint[]) AND id = ANY(mine.ids) AND (state = 'received') IS TRUE"""

_FAILED = f"""
    WITH {_FREED}
    UPDATE bursar.inbox SET state = %(state)s, started_at = mine.started_at, attempts = attempts + 1, next_at = %(next_at)s,
           error_class = %(error_class)s, error = %(error)s, fingerprint = %(fingerprint)s, handler_version = %(version)s
    FROM mine WHERE id = %(id)s AND id = ANY(mine.ids) AND (state = 'received') IS TRUE"""

_CRASH = """
    UPDATE bursar.inbox SET crashes = crashes + 1, solo_crashes = solo_crashes + mine.alone::int, ready_at = clock_timestamp(),
           next_at = %(now)s, started_at = mine.started_at,
           state = CASE WHEN mine.alone AND solo_crashes + 1 >= %(max_crashes)s THEN 'dead' ELSE 'received' END,
           error_class = 'WorkerCrash', fingerprint = coalesce(fingerprint, 'crash:' || left(md5(source || event_type), 12)),
           error = 'The worker died (killed, out of memory, time limit or lost connection) while it held this row'
                 || CASE WHEN mine.alone THEN ' alone.' ELSE ' among others.' END"""

_CRASHED_IN_HAND = f"""
    WITH {_FREED} {_CRASH} FROM mine WHERE id = ANY(%(ids)s::bigint[]) AND id = ANY(mine.ids) AND (state = 'received') IS TRUE"""

_LAPSED = f"""
    WITH late AS (SELECT token FROM bursar.inbox_claim WHERE lease_until < clock_timestamp()
                  ORDER BY lease_until LIMIT 100 FOR UPDATE SKIP LOCKED),
         lapsed AS (DELETE FROM bursar.inbox_claim c USING late WHERE c.token = late.token RETURNING c.ids, c.alone, c.started_at),
         mine AS (SELECT unnest(ids) AS row_id, alone, started_at FROM lapsed)
    {_CRASH} FROM mine WHERE id = mine.row_id AND (state = 'received') IS TRUE RETURNING id, state"""


def claim_named(connection: Connection, queue: str, ids: Iterable[int], *, now: datetime, lease_s: float) -> InboxClaim | None:
    """Claim those of `ids` that are free; a row with crashes only when it is the one asked for."""
    wanted = list(ids)
    bound = {"queue": queue, "ids": as_array(wanted), "suspects": len(wanted) == 1, "most": 0, "reach": 0}
    return _claim(connection, {**bound, "lease_s": lease_s, "now": now})


def claim_next(
    connection: Connection, queue: str, most: int, *, now: datetime, lease_s: float, suspects: bool, reach: int = REACH
) -> InboxClaim | None:
    """Claim up to `most` rows in fair order, of lanes that no other claim has; with `suspects` rather one that crashed a worker."""
    bound = {"queue": queue, "ids": None, "suspects": suspects, "most": most, "lease_s": lease_s, "now": now}
    while True:
        try:
            return _claim(connection, bound | {"reach": reach})
        except _LookFurtherError:
            reach *= 8


def _claim(connection: Connection, bound: dict[str, Any]) -> InboxClaim | None:
    token = uuid4()
    # One statement, which commits by itself, without the round trips of BEGIN and COMMIT.
    rows = connection.exec_driver_sql(_CLAIM, {**bound, "token": token}, BY_ITSELF).all()
    connection.commit()
    if not rows:
        return None
    if rows[0][0] is None:
        raise _LookFurtherError
    received = [row[2] for row in rows]
    return InboxClaim(
        token, {row[0]: row[1] for row in rows}, min(received), max(received), at=bound["now"], suspect=rows[0][3]
    )


def hold(connection: Connection, claim: InboxClaim, ids: Iterable[int], *behind: Statement) -> tuple[set[str] | None, list[Any]]:
    """Lock the claim for the rest of this transaction and take the lanes of `ids`, as far as they are free.

    Returns the lanes taken, None when the claim is no longer ours; and the results of what was asked right after that.
    """
    lanes = sorted({claim.lanes[row_id] for row_id in ids})
    held, *others = ask_in_turn(connection, [Statement(_HOLD, {"token": claim.token, "lanes": as_json(lanes)}), *behind])
    rows = held.all()
    return {row[0] for row in rows if row[0] is not None} if rows else None, others


def take_lane(connection: Connection, lane: str) -> bool:
    """Take one lane for the rest of this transaction, without a claim; False when it is busy."""
    return bool(connection.exec_driver_sql("SELECT pg_try_advisory_xact_lock(hashtextextended(%(lane)s, 0))", {"lane": lane}).scalar())


def renew(connection: Connection, claim: InboxClaim, *, lease_s: float) -> None:
    """Lengthen the lease, for rows that wait for their turn in this process."""
    connection.exec_driver_sql(_RENEW, {"token": claim.token, "lease_s": lease_s})


def release(connection: Connection, claim: InboxClaim, ids: Iterable[int]) -> None:
    """Put rows back untouched."""
    connection.exec_driver_sql(_RELEASE, {"token": claim.token, "ids": as_array(ids)})


def mark_done(claim: InboxClaim, done: Sequence[int], ids: Iterable[int], *, now: datetime, version: str) -> Statement:
    """The `done` marks, in the effects' own transaction (INBOX-16); `ids`, these and others, leave the claim. To be sent.

    What comes of it raises `LostClaimError` when some are no longer to be done; the transaction must not commit.
    """

    def all_marked(result: Any) -> None:
        if missed := len(done) - result.rowcount:
            raise LostClaimError(
                f"{missed} of {len(done)} inbox rows were taken over by another worker; nothing of this batch is written"
            )

    bound = {"token": claim.token, "ids": as_array(ids), "done": as_array(done), "now": now, "version": version}
    return Statement(_DONE, bound, then=all_marked)


def mark_failed(connection: Connection, claim: InboxClaim, row_id: int, **values: Any) -> bool:
    """Write a handled error: the next state, when it is due, what went wrong. False if the row is no longer ours."""
    bound = {"id": row_id, "ids": as_array([row_id]), "token": claim.token, **values}
    return bool(connection.exec_driver_sql(_FAILED, bound).rowcount)


def mark_crashed(
    connection: Connection, claim: InboxClaim, ids: Iterable[int], *, max_crashes: int, now: datetime
) -> None:
    """Free rows and count a crash on each; nothing happens if they are no longer ours."""
    bound = {"token": claim.token, "ids": as_array(ids), "max_crashes": max_crashes, "now": now}
    connection.exec_driver_sql(_CRASHED_IN_HAND, bound)


def lapse(connection: Connection, max_crashes: int, now: datetime) -> list[tuple[int, str]]:
    """Count a crash for each row of a claim whose lease ended unlocked; returns (id, new state). Part of the sweep."""
    found = connection.exec_driver_sql(_LAPSED, {"max_crashes": max_crashes, "now": now})
    return [(row[0], row[1]) for row in found.all()]


def as_array(ids: Iterable[int]) -> str:
    """As PostgreSQL reads an array; psycopg would build it value by value."""
    return f"{{{','.join(map(str, ids))}}}"


class LostClaimError(RuntimeError):
    """The lease lapsed while we worked and another worker has the rows; our transaction must not commit."""


class _LookFurtherError(Exception):
    """Nothing is free among the rows that were looked at, but there are more."""
