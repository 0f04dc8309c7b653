"""Makes due slots exist: one row per (job, slot), decided by the primary key, so that two beats are harmless (promise 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from core.clock import uptime
from models.bulk import as_json
from schedules.clock_watch import watch
from schedules.slot_times import between, newest
from schedules.table import TABLE, Run
from workers.context import Context
from workers.hints import Hinter
from workers.slot_orders import Slot, settle

_MAX_CATCH_UP = 500
"""Slots that one tick makes for one job; the next ticks make the rest."""

# One look at the end of the index per job, however many slots there were. Not later than now: a clock that was ahead for
# a moment must not stop a run until that time has come. Not by hand: that is no sign that the slots before it were made.
# `at_it`: a long run that goes on turn after turn does what its next slot would do.
# Jobs and slots come as JSON: of an array's length the server would make a new plan each time.
_SEEN = """SELECT job, (SELECT max(slot_at) FROM bursar.schedule_slot s
                        WHERE s.job = wanted.job AND s.slot_at <= %(now)s AND NOT s.by_hand) AS last,
                  EXISTS (SELECT FROM bursar.schedule_slot s
                          WHERE s.job = wanted.job AND s.state IN ('due', 'running') AND s.turns > 0) AS at_it
           FROM json_array_elements_text(%(jobs)s::json) AS wanted (job)"""
# What nobody came to run is not run any more once the next slot is there; what failed is tried to its end and told.
_MAKE = """WITH made AS (
               INSERT INTO bursar.schedule_slot (job, slot_at, state, queue, money)
               SELECT job, slot_at, CASE WHEN bursar.slot_blocked(job, money, false, %(now)s) THEN 'held' ELSE 'due' END, queue, money
               FROM json_to_recordset(%(slots)s::json) AS wanted (job text, slot_at timestamptz, queue text, money boolean)
               ON CONFLICT (job, slot_at) DO NOTHING RETURNING queue, job, slot_at, state),
           newest AS (
               SELECT job, greatest(slot_at, (SELECT max(made.slot_at) FROM made WHERE made.job = one.job)) AS slot_at
               FROM json_to_recordset(%(newest_only)s::json) AS one (job text, slot_at timestamptz)),
           skipped AS (
               UPDATE bursar.schedule_slot s SET state = 'skipped', done_at = %(now)s FROM newest
               WHERE s.job = newest.job AND s.slot_at < newest.slot_at AND s.state IN ('due', 'held') AND s.attempts = 0
                 AND s.turns = 0 AND NOT s.by_hand)
           SELECT queue, job, slot_at, state FROM made"""


def due(run: Run, last: datetime | None, now: datetime) -> list[datetime]:
    """The slots of `run` to be made now, given the last one made. A job's first tick makes its newest slot only."""
    if last is None:
        return [newest(run, now)]
    if run.late == "skip":
        slot = newest(run, now)
        return [slot] if slot > last else []
    return list(islice(between(run, last, now), _MAX_CATCH_UP))


def watched_tick(context: Context, hinter: Hinter) -> int:
    """A tick of a real process: the clock is looked at first, so that a jump holds back money before a slot of it is made."""
    watch(context, uptime())
    return tick(context, hinter)


def tick(context: Context, hinter: Hinter, table: Iterable[Run] = TABLE) -> int:
    """Make and hint all slots that are due; returns how many were made here."""
    runs, now = list(table), context.clock.now()
    with context.engine.begin() as connection:
        ready = settle(connection, now)
        made = _make(connection, runs, ready, now)
    ready += [(queue, job, slot_at) for queue, job, slot_at, state in made if state == "due"]
    for queue, job, slot_at in sorted(ready, key=lambda row: row[2]):
        hinter.hint_slot(queue, job, slot_at.isoformat())
    return len(made)


def _wanted(connection: Connection, runs: list[Run], now: datetime) -> list[tuple[Run, datetime]]:
    bound = {"jobs": as_json([run.job for run in runs]), "now": now}
    seen = {job: (last, at_it) for job, last, at_it in connection.exec_driver_sql(_SEEN, bound)}
    return [
        (run, slot) for run in runs if not (run.late == "skip" and seen[run.job][1]) for slot in due(run, seen[run.job][0], now)
    ]  # fmt: skip


def _make(connection: Connection, runs: list[Run], released: list[Slot], now: datetime) -> Sequence[tuple[str, str, datetime, str]]:
    wanted = _wanted(connection, runs, now)
    skipping = {run.job for run in runs if run.late == "skip"}
    newest: dict[str, datetime | None] = {run.job: None for run, _ in wanted if run.job in skipping}
    newest |= {job: slot_at for _, job, slot_at in sorted(released, key=lambda slot: slot[2]) if job in skipping}
    if not (wanted or newest):
        return []
    slots = [{"job": run.job, "slot_at": slot, "queue": run.queue, "money": run.money} for run, slot in wanted]
    told = [{"job": job, "slot_at": slot_at} for job, slot_at in newest.items()]
    bound = {"slots": as_json(slots), "newest_only": as_json(told), "now": now}
    return [(row[0], row[1], row[2], row[3]) for row in connection.exec_driver_sql(_MAKE, bound)]
