"""Entry points of the worker processes: what `bursar worker`, `calls` and `beat` run, embedded or in a container."""

from __future__ import annotations

import os

from core.logs import configure
from core.settings import QUEUES, Settings
from workers.app import app
from workers.observe.begin import begin

_QUIET = ["--without-gossip", "--without-mingle", "--events", "--loglevel", "WARNING"]


def run_worker(settings: Settings, queue: str) -> None:
    """One queue's prefork worker group, until SIGTERM (which finishes what is in hand).

    Raises:
        ValueError: no such queue.
    """
    if queue not in QUEUES:
        raise ValueError(f"no queue {queue!r}; the queues are {', '.join(QUEUES)}")
    configure(settings, f"worker-{queue}")
    begin(settings, f"worker-{queue}")
    app.worker_main(
        [
            "worker",
            "--queues",
            queue,
            "--hostname",
            f"{queue}@%h",
            "--concurrency",
            str(settings.workers_per_queue),
            *_QUIET,
        ]
    )


def run_calls(settings: Settings, queues: tuple[str, ...] = QUEUES) -> None:
    """The thread-pool group for calls to the outside: a hanging provider stops nobody's handlers."""
    configure(settings, "calls")
    begin(settings, "calls")
    names = ",".join(f"{queue}.calls" for queue in queues)
    host = "calls" if queues == QUEUES else f"{'-'.join(queues)}-calls"
    app.worker_main(
        [
            "worker",
            "--queues",
            names,
            "--pool",
            "threads",
            "--concurrency",
            str(2 * settings.workers_per_queue),
            "--hostname",
            f"{host}@%h",
            *_QUIET,
        ]
    )


def run_beat(settings: Settings) -> None:
    """Beat, the metronome."""
    configure(settings, "beat")
    begin(settings, "beat")
    app.Beat(loglevel="WARNING", scheduler="schedules.beat:SlotScheduler", schedule=os.devnull, quiet=True).run()
