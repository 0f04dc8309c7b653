"""Checks of scheduled runs that people or the clock hold back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg

from cli.checks.finding import Finding, fail, ok, warn
from workers.run_failures import BOUND, FAILING

_JUMPS = """SELECT from_at, to_at, passed_s FROM bursar.clock_jump WHERE consented_at IS NULL AND undone_at IS NULL ORDER BY id"""
_PAUSED = "SELECT job, until, reason FROM bursar.schedule_pause WHERE until IS NULL OR until > clock_timestamp() ORDER BY job"
_STOPPED = "SELECT DISTINCT job FROM bursar.schedule_slot WHERE state = 'stopped' ORDER BY job"


def held(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Jumps of the clock that nobody has consented to, paused jobs, stopped slots."""
    jumps = connection.execute(_JUMPS).fetchall()
    for before, after, passed_s in jumps:
        really = "nothing can tell how much time passed" if passed_s is None else f"{passed_s} s passed"
        yield fail(
            "clock",
            f"it went from {before:%Y-%m-%d %H:%M:%S} to {after:%Y-%m-%d %H:%M:%S} while {really}; runs that move money are held",
            "if the clock is right now: bursar schedule consent --reason '...'; if not, set it right: docs/runbook/clock-jumped.md",
        )
    if not jumps:
        yield ok("clock", "no jump waits for consent")
    paused, stopped = connection.execute(_PAUSED).fetchall(), connection.execute(_STOPPED).fetchall()
    for job, until, reason in paused:
        end = f"until {until:%Y-%m-%d %H:%M}" if until else "until somebody resumes it"
        yield warn("paused", f"{job}, {end}: {reason}", f"bursar schedule resume {job} --reason '...'")
    for (job,) in stopped:
        yield warn("stopped", f"{job}: a slot waits where it was stopped", f"bursar schedule resume {job} --reason '...'")
    if not paused and not stopped:
        yield ok("paused", "no run is paused or stopped")


def failing(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """What runs could not do, job by job: nothing of it was changed, and it is tried again by itself."""
    found = connection.execute(FAILING).fetchall()
    for job, items, first_at, _, _, item, error in found:
        many = f"at least {items}" if items >= BOUND else f"{items}"
        yield warn(
            "run failures",
            f"{job} cannot do {many} of what is due since {first_at:%Y-%m-%d %H:%M}, the newest {item}: {error[:120]}",
            f"bursar run-failures ls {job}; docs/runbook/run-failures.md",
        )
    if not found:
        yield ok("run failures", "runs have done all that was due")
