"""Makes due slots exist: one row per (job, slot), decided by the primary key, so that two beats are harmless (promise 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from core.clock import uptime
from schedules.clock_watch import watch
from schedules.slot_times import between, newest
from schedules.table import TABLE, Run
from workers.context import Context
from workers.hints import Hinter
from workers.slot_orders import settle

_MAX_CATCH_UP = 500
"""Slots that one tick makes for one job; the next ticks make the rest."""

# One look at the end of the index per job, however many slots there were. Not later than now: a clock that was ahead for
# a moment must not stop a run until that time has come. Not by hand: that is no sign that the slots before it were made.
# `at_it`: a long run that goes on turn after turn does what its next slot would do.
_SEEN = """SELECT job, (SELECT max(slot_at) FROM bursar.schedule_slot s
                        WHERE s.job = wanted.job AND s.slot_at <= %(now)s AND NOT s.by_hand) AS last,
                  EXISTS (SELECT FROM bursar.schedule_slot s
                          WHERE s.job = wanted.job AND s.state IN ('due', 'running') AND s.turns > 0) AS at_it
           FROM unnest(%(jobs)s::text[]) AS wanted (job)"""
_MAKE = """INSERT INTO bursar.schedule_slot (job, slot_at, state, queue, money)
           SELECT job, slot_at, CASE WHEN bursar.slot_blocked(job, money, false, %(now)s) THEN 'held' ELSE 'due' END, queue, money
           FROM unnest(%(jobs)s::text[], %(slots)s::timestamptz[], %(queues)s::text[], %(money)s::boolean[]) AS made (job, slot_at, queue,
                money)
           ON CONFLICT (job, slot_at) DO NOTHING RETURNING queue, job, slot_at, state"""
# What nobody came to run is not run any more once the next slot is there; what failed is tried to its end and told.
_SKIP = """UPDATE bursar.schedule_slot s SET state = 'skipped', done_at = %(now)s
           FROM unnest(%(jobs)s::text[], %(slots)s::timestamptz[]) AS newer (job, slot_at)
           WHERE s.job = newer.job AND s.slot_at < newer.slot_at AND s.state IN ('due', 'held') AND s.attempts = 0
             AND s.turns = 0 AND NOT s.by_hand"""


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
        made = _make(connection, _wanted(connection, runs, now), now)
        skipping = {run.job for run in runs if run.late == "skip"}
        newer = [(job, at) for job, at in [*((row[1], row[2]) for row in made), *((row[1], row[2]) for row in ready)] if job in skipping]
        if newer:
            bound = {"jobs": [job for job, _ in newer], "slots": [slot_at for _, slot_at in newer], "now": now}
            connection.exec_driver_sql(_SKIP, bound)
    ready += [(queue, job, slot_at) for queue, job, slot_at, state in made if state == "due"]
    for queue, job, slot_at in sorted(ready, key=lambda row: row[2]):
        hinter.hint_slot(queue, job, slot_at.isoformat())
    return len(made)


def _wanted(connection: Connection, runs: list[Run], now: datetime) -> list[tuple[Run, datetime]]:
    seen = {job: (last, at_it) for job, last, at_it in connection.exec_driver_sql(_SEEN, {"jobs": [run.job for run in runs], "now": now})}
    return [
        (run, slot) for run in runs if not (run.late == "skip" and seen[run.job][1]) for slot in due(run, seen[run.job][0], now)
    ]  # fmt: skip


def _make(connection: Connection, wanted: list[tuple[Run, datetime]], now: datetime) -> Sequence[tuple[str, str, datetime, str]]:
    if not wanted:
        return []
    bound = {
        "jobs": [run.job for run, _ in wanted],
        "slots": [slot for _, slot in wanted],
        "queues": [run.queue for run, _ in wanted],
        "money": [run.money for run, _ in wanted],
        "now": now,
    }
    return [(row[0], row[1], row[2], row[3]) for row in connection.exec_driver_sql(_MAKE, bound)]
