"""Checks of the machine at work: what is dead, what waits too long, who is alive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg

from cli.checks.finding import Finding, fail, ok, warn
from cli.printing import span
from core.settings import QUEUES, Settings

_LATE_WARN_S, _LATE_FAIL_S = 60.0, 900.0
_SILENT_S = 60.0
_MANY = 10_000

# Counts stop at 10,000: the doctor must be quick on the day on which everything is dead.
_DEAD = {
    table: f"SELECT count(*) FROM (SELECT 1 FROM bursar.{table} WHERE state = 'dead' LIMIT {_MANY}) AS counted"  # noqa: S608  # literals of this file
    for table in ("inbox", "outbox")
}
_OLDEST = {
    table: f"""SELECT queue, extract(epoch FROM clock_timestamp() - ready_at)::float8 FROM (
                   SELECT DISTINCT ON (queue) queue, ready_at FROM unnest(%s::text[]) AS wanted (queue)
                   CROSS JOIN LATERAL (SELECT ready_at FROM bursar.{table} t WHERE t.queue = wanted.queue AND state = 'received'
                                       ORDER BY fair_at, id LIMIT 1) AS first ORDER BY queue) AS oldest"""  # noqa: S608  # literals of this file
    for table in ("inbox", "outbox")
}
_FAILED_SLOTS = """SELECT job, max(slot_at) FROM bursar.schedule_slot WHERE state = 'failed'
                     AND slot_at > clock_timestamp() - interval '1 day' GROUP BY job ORDER BY job"""
_BEATS = "SELECT name, extract(epoch FROM clock_timestamp() - beat_at)::float8 FROM bursar.heartbeat"


def backlog(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Dead rows, and rows that are ready and that nobody takes."""
    for table in ("inbox", "outbox"):
        row = connection.execute(_DEAD[table].encode()).fetchone()
        dead = row[0] if row else 0
        if dead:
            command = "bursar inbox groups" if table == "inbox" else "bursar outbox ls --state dead"
            yield warn(
                f"dead in {table}",
                f"{'at least ' if dead == _MANY else ''}{dead}: their effects have not happened",
                f"{command}; mend the cause, then replay",
            )
        else:
            yield ok(f"dead in {table}", "none")
        yield _waiting(table, connection.execute(_OLDEST[table].encode(), [list(QUEUES)]).fetchall())
    failed = connection.execute(_FAILED_SLOTS).fetchall()
    if failed:
        yield warn(
            "schedule",
            f"failed in the last day: {', '.join(job for job, _ in failed)}",
            "bursar schedule history --state failed",
        )
    else:
        yield ok("schedule", "no run failed in the last day")


def _waiting(table: str, oldest: list[tuple[str, float]]) -> Finding:
    if not oldest:
        return ok(f"waiting in {table}", "nothing is ready and untaken")
    queue, age_s = max(oldest, key=lambda row: row[1])
    said = f"the oldest ready row (queue {queue}) waits since {span(max(age_s, 0))}"
    if age_s < _LATE_WARN_S:
        return ok(f"waiting in {table}", said)
    then = f"are the workers of {queue} up, and is their broker? `bursar worker {queue}`, `bursar standby`"
    return (fail if age_s >= _LATE_FAIL_S else warn)(f"waiting in {table}", said, then)


def heartbeats(connection: psycopg.Connection[Any], settings: Settings) -> Iterator[Finding]:
    """Each part was heard of lately. A queue's beat is written by a message that went through the queue."""
    ages = dict(connection.execute(_BEATS).fetchall())
    silent_s = max(_SILENT_S, settings.beat_silence_s)
    starts = {"standby": "bursar standby", "beat": "bursar beat"}
    starts |= {queue: f"bursar worker {queue}" for queue in QUEUES} | {
        f"{queue}.calls": "bursar calls" for queue in QUEUES
    }
    for name, start in starts.items():
        age_s = ages.get(name)
        check = f"alive {name}"
        if age_s is not None and age_s < silent_s:
            yield ok(check, f"heard of {span(age_s)} ago")
            continue
        said = "never heard of" if age_s is None else f"silent for {span(age_s)}"
        # Beat has a stand-in; a silent standby or queue means that something waits.
        yield (
            warn(check, f"{said}; the standby ticks meanwhile", f"start it: {start}")
            if name == "beat"
            else fail(check, said, f"start it: {start}")
        )
