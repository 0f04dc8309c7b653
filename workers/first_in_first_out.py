"""Commands of one lane run first in, first out: what the app asked for later must not happen earlier (docs/decisions/0080).

A command runs when no earlier one of its lane is unfinished. Otherwise it is `waiting`, marked as `WaitsForTurn`, without
a try counted, and the transaction that finishes the one before (done, refused or dead) wakes it. Providers' events need
no such order (merges are pure) and pay nothing for it: a batch without commands sends no statement from here.

No wake-up is lost. Who holds a command back has its lane and locks the earlier one (FOR SHARE) until it has committed; who
finishes that one updates it, so comes before (and is seen) or after (and sees who waits). `next_at` is for the case that
all of this is wrong: then it is looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection

from billing.rules.commands.base import Rejected
from models.bulk import as_json
from models.statements import Statement
from providers.app.envelope import SOURCE
from workers.batch import Job, Row
from workers.inbox_claims import as_array

log = structlog.get_logger(__name__)

_BACKSTOP = timedelta(minutes=1)
_MOST_WOKEN = 50
"""Woken at a time, per lane: a batch. If its first one fails, the others are held back again."""

# Who runs is known: any other one of the lane that is earlier and unfinished stands before. One look per lane.
# `(source = 'app') IS TRUE` is what inbox_app_lane_idx says, and no other index can serve it: while statistics have not heard of
# commands yet, the planner would else read all of them by (source, event_id). The same goes for the two states below, which
# would else be looked for in the queues' indexes and not by id.
_HOLD_BACK = """
    WITH mine AS MATERIALIZED (
        SELECT id, lane FROM json_to_recordset(%(rows)s::json) AS r(id bigint, lane text)),
    heads AS MATERIALIZED (
        SELECT l.lane, h.id FROM (SELECT DISTINCT lane FROM mine) AS l CROSS JOIN LATERAL (
            SELECT i.id FROM bursar.inbox i
            WHERE i.lane = l.lane AND (i.source = 'app') IS TRUE AND i.state IN ('received', 'processing', 'waiting')
              AND i.id <> ALL (%(ids)s::bigint[])
            ORDER BY i.id LIMIT 1) AS h),
    late AS MATERIALIZED (SELECT m.id, h.id AS head FROM mine m JOIN heads h ON h.lane = m.lane AND h.id < m.id),
    locked AS MATERIALIZED (
        SELECT i.id, i.next_at FROM bursar.inbox i
        WHERE i.id = ANY (ARRAY(SELECT head FROM late)) AND i.state IN ('received', 'processing', 'waiting')
        FOR SHARE OF i SKIP LOCKED),
    behind AS MATERIALIZED (SELECT late.id, locked.next_at FROM late JOIN locked ON locked.id = late.head),
    held AS (
        UPDATE bursar.inbox t
        SET state = 'waiting', error_class = 'WaitsForTurn', fingerprint = NULL,
               error = 'an earlier command of its lane is not finished',
               next_at = greatest((SELECT b.next_at FROM behind b WHERE b.id = t.id), %(now)s::timestamptz) + %(backstop)s
        WHERE t.id = ANY (ARRAY(SELECT id FROM behind)) AND (t.state = 'received') IS TRUE RETURNING t.id)
    SELECT late.id, held.id IS NOT NULL FROM late LEFT JOIN held ON held.id = late.id"""

_HOLD = """
    UPDATE bursar.inbox SET state = 'waiting', error_class = 'WaitsForTurn', fingerprint = NULL,
           error = 'an earlier command of its lane is not finished', next_at = %(now)s::timestamptz + %(backstop)s
    WHERE id = ANY (%(ids)s::bigint[])"""

_WOKEN = """
    following AS (
        SELECT f.id FROM json_array_elements_text(%(lanes)s::json) AS l(lane) CROSS JOIN LATERAL (
            SELECT i.id FROM bursar.inbox i
            WHERE i.lane = l.lane AND (i.source = 'app') IS TRUE AND i.state IN ('received', 'processing', 'waiting')
            ORDER BY i.id LIMIT %(most)s) AS f),
    woken AS (
        UPDATE bursar.inbox t SET state = 'received', error_class = NULL, error = NULL, ready_at = clock_timestamp()
        WHERE t.id = ANY (ARRAY(SELECT id FROM following)) AND (t.state = 'waiting') IS TRUE
          AND t.error_class = 'WaitsForTurn' RETURNING t.queue)
    SELECT pg_notify('bursar_inbox', queue) FROM (SELECT DISTINCT queue FROM woken) AS q"""
_WAKE = f"WITH {_WOKEN}"

_LANES_OF_DEAD = """SELECT DISTINCT lane FROM bursar.inbox WHERE id = ANY (%(ids)s::bigint[]) AND source = 'app' AND state = 'dead'"""

_TELL_AND_WAKE = f"""
    WITH told AS (
    INSERT INTO bursar.command_result (inbox_id, code, message, details, result)
    SELECT * FROM json_to_recordset(%(rows)s::json) AS r(inbox_id bigint, code text, message text, details jsonb, result jsonb)
    ON CONFLICT (inbox_id) DO UPDATE SET code = excluded.code, message = excluded.message, details = excluded.details,
                                         result = excluded.result), {_WOKEN}"""  # noqa: S608  # texts of this module


class HeldBackError(Exception):
    """An earlier command of the same lane and batch failed: this one waits, and no try is counted."""


class Commands:
    """The commands of one batch, in one transaction that holds their lanes."""

    def __init__(self, connection: Connection, rows: Sequence[Row], *, now: datetime) -> None:
        self._connection, self._now = connection, now
        self._rows = {row.id: row for row in rows if row.source == SOURCE}
        self._stops: dict[str, int] = {}
        """Lane -> the first row that does not finish; none behind it runs."""
        self._failed: set[str] = set()
        """Lanes of rows that failed: there nobody is next until these are settled."""
        self._results: dict[int, Any] = {}
        self._refused: dict[int, Rejected] = {}
        self._late: list[int] = []
        self.held: set[int] = set()
        """Rows that wait for their turn from now on."""
        self.busy: list[int] = []
        """Rows whose predecessor is being settled at this moment: they are put back, to be looked at again."""

    def due(self, rows: list[Row]) -> list[Row]:
        """The rows whose turn it is; the others are held back."""
        if not self._rows:
            return rows
        lines = [{"id": row.id, "lane": row.lane} for row in self._rows.values()]
        bound = {"rows": as_json(lines), "ids": as_array(self._rows), "now": self._now, "backstop": _BACKSTOP}
        for row_id, is_held in self._connection.exec_driver_sql(_HOLD_BACK, bound).all():
            if is_held:
                self.held.add(row_id)
            else:
                self.busy.append(row_id)
        apart = self.held.union(self.busy)
        for row_id in apart:
            self._stop(row_id)
        return [row for row in rows if row.id not in apart]

    def in_turn(self, jobs: list[Job], failed: Sequence[tuple[int, BaseException]]) -> list[Job]:
        """The jobs, where a command only runs if none before it has failed; `failed` did so before they could run."""
        if not self._rows:
            return jobs
        for row_id, error in failed:
            if row_id in self._rows and not isinstance(error, Rejected):
                self._fail(row_id)
        return [job._replace(handler=partial(self._run, job)) if job.row.id in self._rows else job for job in jobs]

    def take(self, failed: list[tuple[int, BaseException]]) -> list[tuple[int, BaseException]]:
        """Take refusals and what must wait out of `failed`: these are no failures."""
        if not self._rows:
            return failed
        left = []
        for row_id, error in failed:
            if isinstance(error, HeldBackError):
                self._late.append(row_id)
                self.held.add(row_id)
            elif isinstance(error, Rejected) and row_id in self._rows:
                self._refused[row_id] = error
            else:
                left.append((row_id, error))
        return left

    def finish(self, done: Iterable[int]) -> list[Statement]:
        """What is to be sent after the `done` marks, in their transaction: results, who waits, who is next."""
        statements = list[Statement]()
        finished = [self._rows[row_id] for row_id in done if row_id in self._rows]
        if self._late:
            statements.append(Statement(_HOLD, {"ids": as_array(self._late), "now": self._now, "backstop": _BACKSTOP}))
        if finished:
            lanes = sorted({row.lane for row in finished}.difference(self._failed))
            bound = {"rows": as_json([self._told(row) for row in finished]), "lanes": as_json(lanes), "most": _MOST_WOKEN}
            statements.append(Statement(_TELL_AND_WAKE, bound))
        return statements

    def _run(self, job: Job, unit: Any, command: Any) -> None:
        if job.row.id > self._stops.get(job.row.lane, job.row.id):
            raise HeldBackError
        try:
            self._results[job.row.id] = job.handler(unit, command)
        except Rejected:
            raise
        except BaseException:
            self._fail(job.row.id)
            raise

    def _fail(self, row_id: int) -> None:
        self._stop(row_id)
        self._failed.add(self._rows[row_id].lane)

    def _stop(self, row_id: int) -> None:
        lane = self._rows[row_id].lane
        self._stops[lane] = min(row_id, self._stops.get(lane, row_id))

    def _told(self, row: Row) -> dict[str, Any]:
        refusal = self._refused.get(row.id)
        if refusal is None:
            return {"inbox_id": row.id, "code": None, "message": None, "details": {}, "result": self._results.get(row.id)}
        log.info("command_rejected", inbox_id=row.id, name=row.event_type, code=refusal.code, effect="none; the app is told")
        return {
            "inbox_id": row.id, "code": refusal.code, "message": refusal.message, "details": refusal.details, "result": None,
        }  # fmt: skip


def wake(connection: Connection, lanes: Iterable[str]) -> None:
    """Let those go on that wait for their turn in these lanes; part of the transaction that finishes a command."""
    if wanted := sorted(lanes):
        connection.exec_driver_sql(_WAKE, {"lanes": as_json(wanted), "most": _MOST_WOKEN})


def wake_after_dead(connection: Connection, ids: Iterable[int]) -> None:
    """The same for rows that may be dead now; providers' rows among them change nothing."""
    found = connection.exec_driver_sql(_LANES_OF_DEAD, {"ids": as_array(ids)})
    wake(connection, [row[0] for row in found.all()])
