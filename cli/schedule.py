"""`bursar schedule ...`: what runs when, when it last ran and how that went. What runs when is changed in the code."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click

from cli.printing import json_line, short, span, table
from cli.roles import action
from cli.schedule_orders import ORDERS
from cli.surroundings import reading
from cli.trouble import nothing
from core.clock import SystemClock
from schedules.slot_times import between
from schedules.table import TABLE, Daily, Run
from workers.paging import LEFT_MOST

_SLOTS = """bursar.schedule_slot s CROSS JOIN LATERAL (SELECT sum(items)::bigint AS helped, sum(failed)::bigint AS helped_failed
            FROM bursar.schedule_hand h WHERE (h.job, h.slot_at) = (s.job, s.slot_at)) h"""
_TOLD = "job, slot_at, state, started_at, done_at, attempts, error, result, turns, by_hand, h.*"
# One look at the end of the index per job, not one at each slot of three months.
_LAST = f"""SELECT last.* FROM unnest(%(jobs)s::text[]) AS wanted (job), LATERAL (
               SELECT {_TOLD} FROM {_SLOTS} WHERE s.job = wanted.job ORDER BY slot_at DESC LIMIT 1) AS last"""  # noqa: S608  # our own
_HISTORY = f"""SELECT {_TOLD} FROM {_SLOTS} WHERE job = ANY(%(jobs)s)
               AND (%(state)s::text IS NULL OR state = %(state)s) ORDER BY slot_at DESC, job LIMIT %(limit)s"""  # noqa: S608  # our own
_STATES = ("due", "running", "done", "failed", "skipped", "held", "stopped")
_PAUSED = "SELECT job, until, reason FROM bursar.schedule_pause WHERE until IS NULL OR until > %(now)s"
_FAR = timedelta(days=3)


@click.group()
def schedule() -> None:
    """Scheduled runs: what runs when, and how it went; run, pause and stop them."""


@schedule.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@action("viewer")
def ls(as_json: bool) -> None:
    """Every run: how often, its last slot, its next one."""
    now = SystemClock().now()
    with reading() as connection:
        rows = connection.exec_driver_sql(_LAST, {"jobs": [run.job for run in TABLE]})
        last = {row.job: dict(row._mapping) for row in rows}
        paused = {row.job: dict(row._mapping) for row in connection.exec_driver_sql(_PAUSED, {"now": now})}
    runs = [_run(run, last.get(run.job), now) | _pause(paused.get(run.job)) for run in TABLE]
    if as_json:
        for run in runs:
            json_line(run)
        return
    head = ("JOB", "QUEUE", "EVERY", "LAST", "STATE", "DONE", "NEXT", "IF LATE", "PAUSED", "WHY")
    table(
        head,
        (
            [run[name] for name in ("job", "queue", "every", "last_slot", "state", "progress", "next_slot", "late", "paused", "why")]
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
        "money": run.money,
        "progress": last and _progress(last),
        "why": run.why,
    }


def _pause(row: dict[str, Any] | None) -> dict[str, Any]:
    if row is None:
        return {"paused": None}
    until = f"until {row['until']:%Y-%m-%d %H:%M}: " if row["until"] else ""
    return {"paused": until + (short(row["reason"], 60) or "")}


def _progress(row: dict[str, Any]) -> str | None:
    """What a run that counts its items has done: how many, at what rate while it worked, and how many are left, if it says so."""
    told = row["result"] or {}
    if "items" not in told:
        return None
    items, failures = told["items"] + (row["helped"] or 0), told.get("failed", 0) + (row["helped_failed"] or 0)
    busy_ms, left = told.get("busy_ms"), told.get("left")
    rate = f", {items * 1000 // busy_ms}/s" if busy_ms else ""
    failed = f", {failures} failed" if failures else ""
    ahead = f", {left}{'+' if left == LEFT_MOST else ''} left" if left else ""
    return f"{items} items{rate}{failed}{ahead}"


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
        ("SLOT", "JOB", "STATE", "TRIES", "TURNS", "TOOK", "DONE", "ERROR"),
        (
            (row["slot_at"], row["job"], row["state"], row["attempts"], row["turns"], _took(row), _progress(row), short(row["error"], 100))
            for row in rows
        ),
    )


def _took(row: dict[str, Any]) -> str | None:
    if row["turns"] > 1 and (busy_ms := (row["result"] or {}).get("busy_ms")) is not None:
        return f"{busy_ms} ms"
    if row["started_at"] is None or row["done_at"] is None:
        return None
    return f"{(row['done_at'] - row['started_at']).total_seconds() * 1000:.0f} ms"


for _order in ORDERS:
    schedule.add_command(_order)
