"""`bursar schedule ...`: what runs when, when it last ran and how that went. Only looks; runs are changed in the code."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click

from cli.printing import json_line, short, span, table
from cli.roles import action
from cli.surroundings import reading
from cli.trouble import nothing
from core.clock import SystemClock
from schedules.slot_times import between
from schedules.table import TABLE, Daily, Run

# One look at the end of the index per job, not one at each slot of three months.
_LAST = """SELECT last.* FROM unnest(%(jobs)s::text[]) AS wanted (job), LATERAL (
               SELECT job, slot_at, state, started_at, done_at, attempts, error FROM bursar.schedule_slot s
               WHERE s.job = wanted.job ORDER BY slot_at DESC LIMIT 1) AS last"""
_HISTORY = """SELECT job, slot_at, state, started_at, done_at, attempts, error, result FROM bursar.schedule_slot
              WHERE job = ANY(%(jobs)s) AND (%(state)s::text IS NULL OR state = %(state)s) ORDER BY slot_at DESC, job LIMIT %(limit)s"""
_STATES = ("due", "running", "done", "failed", "skipped")
_FAR = timedelta(days=3)


@click.group()
def schedule() -> None:
    """Scheduled runs: what runs when, and how it went."""


@schedule.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def ls(as_json: bool) -> None:
    """Every run: how often, its last slot, its next one."""
    now = SystemClock().now()
    with reading() as connection:
        rows = connection.exec_driver_sql(_LAST, {"jobs": [run.job for run in TABLE]})
        last = {row.job: dict(row._mapping) for row in rows}
    runs = [_run(run, last.get(run.job), now) for run in TABLE]
    if as_json:
        for run in runs:
            json_line(run)
        return
    head = ("JOB", "QUEUE", "EVERY", "LAST", "STATE", "NEXT", "IF LATE", "WHY")
    table(
        head,
        (
            [run[name] for name in ("job", "queue", "every", "last_slot", "state", "next_slot", "late", "why")]
            for run in runs
        ),
    )


def _run(run: Run, last: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    coming = next(iter(between(run, now, now + _FAR)), None)
    return {
        "job": run.job,
        "queue": run.queue,
        "every": _every(run),
        "last_slot": last and last["slot_at"],
        "state": last and last["state"],
        "error": last and last["error"],
        "next_slot": coming,
        "late": run.late,
        "why": run.why,
    }


def _every(run: Run) -> str:
    if isinstance(run.every, Daily):
        return f"daily {run.every.at:%H:%M} {run.every.zone}"
    return span(run.every.total_seconds())


@schedule.command()
@click.argument("job", required=False, type=click.Choice([run.job for run in TABLE]))
@click.option("--state", type=click.Choice(_STATES), help="Only slots in this state.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most this many slots."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def history(job: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """Slots, newest first: of JOB, or of all runs."""
    jobs = [job] if job else [run.job for run in TABLE]
    with reading() as connection:
        found = connection.exec_driver_sql(_HISTORY, {"jobs": jobs, "state": state, "limit": limit})
        rows = [dict(row._mapping) for row in found]
    if not rows:
        raise nothing(
            "no slot matches",
            "slots are made by beat, or by the standby while beat is silent: `bursar doctor` says if they live",
        )
    if as_json:
        for row in rows:
            json_line(row)
        return
    table(
        ("SLOT", "JOB", "STATE", "TRIES", "TOOK", "ERROR"),
        (
            (row["slot_at"], row["job"], row["state"], row["attempts"], _took(row), short(row["error"], 100))
            for row in rows
        ),
    )


def _took(row: dict[str, Any]) -> str | None:
    if row["started_at"] is None or row["done_at"] is None:
        return None
    return f"{(row['done_at'] - row['started_at']).total_seconds() * 1000:.0f} ms"
