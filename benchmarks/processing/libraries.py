"""Other queues on the floor's job: dramatiq over Redis, PgQueuer over PostgreSQL; two processes each."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from benchmarks.cpu import tree_us
from benchmarks.ground import Ground
from benchmarks.processing.waiting import await_empty
from tests.harness.cluster import Database
from tests.harness.processes import ROOT, Running

DRAMATIQ, PGQUEUER = "dramatiq", "pgqueuer"
PROCESSES = 2
BATCH = 100


def drained_by(
    kind: str, ground: Ground, database: Database, python: Path, begin: Callable[[], None], go: Callable[[], None]
) -> int:
    """Warm up, `begin` (store the events), publish while the workers are held, `go`, let them run. Their microseconds."""
    env = {"PEER_DATABASE": database.url, "PEER_BROKER": database.broker_url, "PYTHONPATH": str(ROOT)}
    module = f"benchmarks.peers.{kind}_worker"

    def run(*arguments: str) -> Running:
        return ground.processes.start([str(python), *arguments], env=env)

    if kind == PGQUEUER and run("-m", "pgqueuer", "--pg-dsn", database.url, "install").wait() != 0:
        raise SystemExit("PgQueuer could not make its tables")
    workers = _workers(kind, module, run)
    try:
        _publish(run, module)
        await_empty(database)
        begin()
        for one in workers:
            os.killpg(one.pid, signal.SIGSTOP)
        _publish(run, module)
        before = sum(tree_us(one.pid) for one in workers)
        go()
        for one in workers:
            os.killpg(one.pid, signal.SIGCONT)
        await_empty(database)
        return sum(tree_us(one.pid) for one in workers) - before
    finally:
        for one in workers:
            one.kill()


def _workers(kind: str, module: str, run: Callable[..., Running]) -> list[Running]:
    if kind == DRAMATIQ:
        return [run("-m", "dramatiq", module, "--processes", str(PROCESSES))]
    return [run("-m", module, "work", str(BATCH)) for _ in range(PROCESSES)]


def _publish(run: Callable[..., Running], module: str) -> None:
    publisher = run("-m", module)
    if publisher.wait() != 0:
        raise SystemExit(f"{module} could not publish:\n{publisher.output()[-2000:]}")
