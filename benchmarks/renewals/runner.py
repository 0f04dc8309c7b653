"""The product's run in a process of its own, as a worker has it, so that it can be killed."""

from __future__ import annotations

import multiprocessing
import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.queues import Queue

from core.clock import FixedClock, monotonic_s
from core.logs import configure
from core.settings import Settings
from tasks.payments.runs import renew_subscriptions
from workers.context import make_context
from workers.routing import preload

_SPAWN = multiprocessing.get_context("spawn")
_PATIENCE_S = 3_600


@dataclass(frozen=True)
class Ran:
    """One run, from its first page to its last."""

    items: int
    failed: int
    seconds: float
    cpu_s: float
    grown_mb: float
    """How much more memory it needed at most than after its first turn."""


def renewed(settings: Settings, at: datetime) -> Ran:
    """Run until nothing is due."""
    answers: Queue[Ran] = _SPAWN.Queue()
    process = _SPAWN.Process(target=_renew, args=(settings, at, answers), daemon=True)
    process.start()
    ran = answers.get(timeout=_PATIENCE_S)
    process.join()
    return ran


def killed(settings: Settings, at: datetime, when: Callable[[], bool]) -> None:
    """Run until `when` says so, and not a moment longer."""
    answers: Queue[Ran] = _SPAWN.Queue()
    process = _SPAWN.Process(target=_renew, args=(settings, at, answers), daemon=True)
    process.start()
    while process.is_alive() and not when():
        process.join(0.02)
    process.kill()
    process.join()


def _renew(settings: Settings, at: datetime, answers: Queue[Ran]) -> None:
    log = os.open(settings.home / "renewals.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    configure(settings, "worker-payments")
    preload()
    context = make_context(settings, clock=FixedClock(at))
    began_s, before, items, failed, first = monotonic_s(), _cpu_s(), 0, 0, 0
    more = True
    while more:
        told = renew_subscriptions(context, at)
        items, failed, more = items + told["items"], failed + told["failed"], told["more"]
        first = first or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - first) / 1024
    answers.put(Ran(items, failed, monotonic_s() - began_s, _cpu_s() - before, grown))


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
