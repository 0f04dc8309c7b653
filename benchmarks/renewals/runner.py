"""The product's run as workers have it: a slot and its further hands, each in a process of its own, so that they can be killed."""

from __future__ import annotations

import multiprocessing
import os
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from queue import Empty
from typing import NamedTuple, TypeVar

from core.clock import FixedClock, monotonic_s
from core.logs import configure
from core.settings import Settings
from workers import slot_hands, slots
from workers.context import Context, make_context
from workers.routing import preload

_SPAWN = multiprocessing.get_context("spawn")
A = TypeVar("A")
_JOB, _QUEUE = "renew_subscriptions", "payments"
_SLOT = """INSERT INTO bursar.schedule_slot (job, slot_at, state, queue) VALUES (%(job)s, %(at)s, 'due', %(queue)s)
           ON CONFLICT (job, slot_at) DO UPDATE SET state = 'due', token = NULL, lease_until = NULL"""
_COUNTED = """SELECT (result ->> 'items')::bigint + h.items, (result ->> 'failed')::bigint + h.failed
              FROM bursar.schedule_slot, (SELECT coalesce(sum(items), 0) AS items, coalesce(sum(failed), 0) AS failed
                                          FROM bursar.schedule_hand WHERE slot_at = %(at)s) h
              WHERE job = %(job)s AND slot_at = %(at)s"""


_STATE = "SELECT state FROM bursar.schedule_slot WHERE job = %(job)s AND slot_at = %(at)s"


@dataclass(frozen=True)
class Ran:
    """One run, from its first page to its last."""

    items: int
    failed: int
    seconds: float
    cpu_s: float
    grown_mb: float
    """How much more memory the process that needed most more had at most than after its first turn."""


class _Crew(NamedTuple):
    """The workers at a run, and how they are heard."""

    workers: Sequence[BaseProcess]
    ready: Queue[int]
    begin: Event
    answers: Queue[tuple[float, float]]


def renewed(settings: Settings, at: datetime, hands: int) -> Ran:
    """Run until nothing is due, by so many workers, from when all of them are up."""
    crew = _crew(settings, at, hands)
    _heard(crew.workers, crew.ready)
    began_s = monotonic_s()
    crew.begin.set()
    told = _heard(crew.workers, crew.answers)
    seconds = monotonic_s() - began_s
    for worker in crew.workers:
        worker.join()
    context = make_context(settings, clock=FixedClock(at))
    with context.engine.connect() as connection:
        items, failed = connection.exec_driver_sql(_COUNTED, {"job": _JOB, "at": at}).one()
    context.engine.dispose()
    return Ran(items, failed, seconds, sum(cpu_s for cpu_s, _ in told), max(grown for _, grown in told))


def killed(settings: Settings, at: datetime, hands: int, when: Callable[[], bool]) -> None:
    """Run until `when` says so, and not a moment longer."""
    crew = _crew(settings, at, hands)
    crew.begin.set()
    while any(worker.is_alive() for worker in crew.workers) and not when():
        crew.workers[0].join(0.02)
    for worker in crew.workers:
        worker.kill()
        worker.join()


def _crew(settings: Settings, at: datetime, hands: int) -> _Crew:
    ready: Queue[int] = _SPAWN.Queue()
    answers: Queue[tuple[float, float]] = _SPAWN.Queue()
    begin = _SPAWN.Event()
    told = (ready, begin, answers)
    workers = [_SPAWN.Process(target=_work, args=(settings, at, hand, *told), daemon=True) for hand in range(hands)]
    for worker in workers:
        worker.start()
    return _Crew(workers, *told)


def _work(
    settings: Settings, at: datetime, hand: int, ready: Queue[int], begin: Event, answers: Queue[tuple[float, float]]
) -> None:
    log = os.open(settings.home / "renewals.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    configure(settings, "worker-payments")
    preload()
    context = make_context(settings, clock=FixedClock(at))
    if hand == 0:
        with context.engine.begin() as connection:
            connection.exec_driver_sql(_SLOT, {"job": _JOB, "at": at, "queue": _QUEUE})
    ready.put(hand)
    begin.wait()
    before, first = _cpu_s(), 0
    pause = _SPAWN.Event()
    while _turn(context, at, hand, pause):
        first = first or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    last = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answers.put((_cpu_s() - before, (last - (first or last)) / 1024))


def _turn(context: Context, at: datetime, hand: int, pause: Event) -> bool:
    """One turn; whether another one follows. A hand is wanted from the end of the slot's first turn on."""
    if hand == 0:
        return slots.turn(context, _QUEUE, _JOB, at.isoformat()).more
    if slot_hands.turn(context, _QUEUE, _JOB, at.isoformat(), hand).more:
        return True
    pause.wait(0.05)
    with context.engine.connect() as connection:
        return connection.exec_driver_sql(_STATE, {"job": _JOB, "at": at}).scalar_one() in ("due", "running")


def _heard(workers: Sequence[BaseProcess], said: Queue[A]) -> list[A]:
    """One word of each worker.

    Raises:
        RuntimeError: one has ended without it; why is in its log.
    """
    heard: list[A] = []
    while len(heard) < len(workers):
        try:
            heard.append(said.get(timeout=1))
        except Empty:
            if any(worker.exitcode not in (None, 0) for worker in workers):
                raise RuntimeError("a worker of the run has died: see renewals.log in its home") from None
    return heard


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
