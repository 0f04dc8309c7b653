"""Makes due slots exist: one row per (job, slot), decided by the primary key, so that two beats are harmless (promise 6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

import structlog

from schedules.slot_times import between, newest
from schedules.table import TABLE, Run
from workers.context import Context
from workers.hints import Hinter

log = structlog.get_logger(__name__)

_MAX_CATCH_UP = 500
"""Slots that one tick makes for one job; the next ticks make the rest."""

# One look at the end of the index per job, however many slots there were. Not later than now: a clock that was ahead for
# a moment must not stop a run until that time has come.
_LAST = """SELECT job, (SELECT max(slot_at) FROM bursar.schedule_slot s WHERE s.job = wanted.job AND s.slot_at <= %(now)s)
           FROM unnest(%(jobs)s::text[]) AS wanted (job)"""
_MAKE = """INSERT INTO bursar.schedule_slot (job, slot_at, state, queue)
           SELECT * FROM unnest(%(jobs)s::text[], %(slots)s::timestamptz[], %(states)s::text[], %(queues)s::text[])
           ON CONFLICT (job, slot_at) DO NOTHING RETURNING queue, job, slot_at"""
# What nobody came to run is not run any more once the next slot is there; what failed is tried to its end and told.
_SKIP = """UPDATE bursar.schedule_slot s SET state = 'skipped', done_at = %(now)s
           FROM unnest(%(jobs)s::text[], %(slots)s::timestamptz[]) AS newer (job, slot_at)
           WHERE s.job = newer.job AND s.slot_at < newer.slot_at AND s.state = 'due' AND s.attempts = 0"""


def due(run: Run, last: datetime | None, now: datetime) -> list[datetime]:
    """The slots of `run` to be made now, given the last one made. A job's first tick makes its newest slot only."""
    if last is None:
        return [newest(run, now)]
    if run.late == "skip":
        slot = newest(run, now)
        return [slot] if slot > last else []
    return list(islice(between(run, last, now), _MAX_CATCH_UP))


def tick(context: Context, hinter: Hinter, table: Iterable[Run] = TABLE) -> int:
    """Make and hint all slots that are due; returns how many were made here."""
    runs, now = list(table), context.clock.now()
    with context.engine.begin() as connection:
        last = {row[0]: row[1] for row in connection.exec_driver_sql(_LAST, {"jobs": [run.job for run in runs], "now": now})}
        wanted = [(run, slot) for run in runs for slot in due(run, last.get(run.job), now)]
        if not wanted:
            return 0
        made = connection.exec_driver_sql(
            _MAKE,
            {
                "jobs": [run.job for run, _ in wanted],
                "slots": [slot for _, slot in wanted],
                "states": ["due"] * len(wanted),
                "queues": [run.queue for run, _ in wanted],
            },
        ).all()
        skipping = {run.job for run in runs if run.late == "skip"}
        newer = [(job, slot_at) for _, job, slot_at in made if job in skipping]
        bound = {"jobs": [job for job, _ in newer], "slots": [slot_at for _, slot_at in newer], "now": now}
        connection.exec_driver_sql(_SKIP, bound)
    for queue, job, slot_at in sorted(made, key=lambda row: row[2]):
        hinter.hint_slot(queue, job, slot_at.isoformat())
    return len(made)
