"""The whole product as it is shipped, for what can only be seen from outside: answered by the door, done by a worker.

When a row was done is taken from PostgreSQL's commit times (`track_commit_timestamp`): `done_at` is the business's clock
and older than the commit, and asking in a loop would change what is measured. The commit's time is taken just before its
flush to disk, 0.1 ms early on a good disk. One machine, so one clock.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.steady import Plan, Said
from cli.embedded.ports import is_free
from core.settings import Settings
from tests.harness.processes import ROOT, Processes, Running
from tests.harness.waiting import wait_until

COMMIT_TIMES = {"track_commit_timestamp": "on"}
"""The server option that `latencies_ms` needs."""
ROLES = ("receiver", "worker payments", "standby", "beat")
_PATIENCE_S = 300


def start(processes: Processes, settings: Settings, roles: Sequence[str] = ROLES) -> dict[str, Running]:
    """Start the roles; they are ready when this returns."""
    running = {role: processes.bursar(*role.split(), settings=settings) for role in roles}
    for role, sign in (("receiver", "database_connected"), ("worker payments", "worker_ready")):
        if role in running:
            running[role].wait_output(sign)
    if "receiver" in running:
        wait_until(lambda: not is_free(settings.receiver_port), what="the receiver listens")
    return running


class Generator:
    """One running process of benchmarks/steady.py."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._out = folder / f"steady-{plan.first}-{plan.port}.json"
        self._out.unlink(missing_ok=True)
        command = [sys.executable, "-m", "benchmarks.steady", json.dumps(asdict(plan)), str(self._out)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n", "the generator did not start"

    def go(self) -> None:
        """Begin to post."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def result(self, timeout_s: float = _PATIENCE_S) -> Said:
        """Wait for its end.

        Raises:
            AssertionError: it failed.
        """
        assert self._process.wait(timeout_s) == 0, "the generator failed (see above)"
        said: dict[str, Any] = json.loads(self._out.read_text(encoding="ascii"))
        return Said(**said)

    def kill(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.communicate()


def post(plan: Plan, folder: Path) -> Said:
    """Post a plan and wait until all is answered."""
    generator = Generator(plan, folder)
    try:
        generator.go()
        return generator.result()
    finally:
        generator.kill()


def await_settled(connection: psycopg.Connection[Any], count: int, timeout_s: float = _PATIENCE_S) -> None:
    """Wait until that many rows are done, asking seldom."""
    wait_until(lambda: settled(connection) >= count, timeout_s, what=f"{count} events to be done", interval_s=0.25)


def settled(connection: psycopg.Connection[Any]) -> int:
    """Rows that are done."""
    row = connection.execute("SELECT count(*) FROM bursar.inbox WHERE state = 'done'").fetchone()
    assert row is not None
    return int(row[0])


def committed(connection: psycopg.Connection[Any], answered: dict[str, float]) -> dict[str, float]:
    """When the effects of each of those events were committed, in unix seconds.

    Raises:
        AssertionError: one is not done.
    """
    rows = connection.execute(
        """SELECT event_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM bursar.inbox
           WHERE state = 'done' AND event_id = ANY(%s)""",
        (list(answered),),
    ).fetchall()
    assert len(rows) == len(answered), f"{len(answered) - len(rows)} of {len(answered)} answered events are not done"
    return dict(rows)


def latencies_ms(answered: dict[str, float], done: dict[str, float]) -> list[float]:
    """The times from the sender having its 200 to the commit of the effects, sorted, in ms.

    Below zero: the worker was quicker than the answer's way to the sender.
    """
    return sorted((done[event_id] - at) * 1000 for event_id, at in answered.items())


def stages_ms(connection: psycopg.Connection[Any], answered: dict[str, float]) -> dict[str, list[float]]:
    """Where the time goes, by the clocks that the rows carry anyhow; each sorted, in ms."""
    rows = connection.execute(
        """SELECT event_id, extract(epoch FROM received_at)::float8, extract(epoch FROM started_at)::float8,
                  extract(epoch FROM done_at)::float8, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8
           FROM bursar.inbox WHERE event_id = ANY(%s)""",
        (list(answered),),
    ).fetchall()
    parts: dict[str, list[float]] = {
        "body read -> 200 at the sender": [], "200 -> a worker claims (hint, broker, Celery)": [],
        "claim, lanes, read, effects, flush": [], "done mark, commit": [],
    }
    for event_id, received, started, done, commit in rows:
        times = (answered[event_id] - received, started - answered[event_id], done - started, commit - done)
        for name, part in zip(parts, times, strict=True):
            parts[name].append(part * 1000)
    return {name: sorted(values) for name, values in parts.items()}


def percentile(ordered: Sequence[float], share: float) -> float:
    """Of sorted values."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
