"""Two processes that drain the inbox at the same moment, each counting its own processor time to the microsecond."""

from __future__ import annotations

import multiprocessing
import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

from benchmarks.processing import floor
from core.logs import configure
from core.settings import Settings
from tests.harness.probe import plug_in
from workers import inbox
from workers.context import make_context
from workers.routing import preload

PROCESSES = 2
_PATIENCE_S = 120
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Drained:
    """What one process did and what it cost."""

    done: int
    failed: int
    cpu_us: int


def race(role: str, settings: Settings, url: str, begin: Callable[[], None]) -> list[Drained]:
    """Let processes of that role (`floor`, `product`) drain what is there to warm up, call `begin`, let them drain again."""
    barrier, answers = _SPAWN.Barrier(PROCESSES + 1), _SPAWN.Queue()
    running = [
        _SPAWN.Process(target=_drain, args=(role, settings, url, barrier, answers), daemon=True) for _ in range(PROCESSES)
    ]
    for process in running:
        process.start()
    barrier.wait(_PATIENCE_S)
    begin()
    barrier.wait(_PATIENCE_S)
    drained = [answers.get(timeout=_PATIENCE_S) for _ in running]
    for process in running:
        process.join(_PATIENCE_S)
    return drained


def _drain(role: str, settings: Settings, url: str, barrier: Barrier, answers: Queue[Drained]) -> None:
    log = os.open(settings.home / "drainers.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    drain = _floor(url) if role == "floor" else _product(settings)
    drain()
    barrier.wait(_PATIENCE_S)
    barrier.wait(_PATIENCE_S)
    before = _own_us()
    done, failed = drain()
    answers.put(Drained(done, failed, _own_us() - before))


def _floor(url: str) -> Callable[[], tuple[int, int]]:
    return lambda: (floor.drain(url), 0)


def _product(settings: Settings) -> Callable[[], tuple[int, int]]:
    configure(settings, "worker-payments")
    plug_in()
    preload()
    context = make_context(settings)

    def drain() -> tuple[int, int]:
        done = failed = 0
        more = True
        while more:
            outcome = inbox.drain(context, "payments")
            done, failed, more = done + outcome.done, failed + len(outcome.failed), outcome.more
        return done, failed

    return drain


def _own_us() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return int((used.ru_utime + used.ru_stime) * 1_000_000)
