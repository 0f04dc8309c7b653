"""Entry points of the worker processes: what `bursar worker`, `calls` and `beat` run, embedded or in a container."""

from __future__ import annotations

import logging
import os
from typing import Any

import structlog
from celery.signals import setup_logging, worker_ready

from core.logs import configure
from core.settings import QUEUES, Settings
from workers.app import app
from workers.needs import require_all
from workers.observe.begin import begin

log = structlog.get_logger(__name__)

_QUIET = ["--without-gossip", "--without-mingle", "--events"]


@setup_logging.connect  # type: ignore[untyped-decorator]
def _keep_our_logging(**_: Any) -> None:
    """Celery would set the root logger's level to its own and silence our lines; its own at INFO are one for each task."""
    logging.getLogger("celery").setLevel(logging.WARNING)


@worker_ready.connect  # type: ignore[untyped-decorator]
def _say_ready(sender: Any, **_: Any) -> None:
    log.info("worker_ready", host=sender.hostname, concurrency=sender.controller.concurrency)


def _work(*arguments: str) -> None:
    """Run a Celery worker without its banner: our output is JSON lines."""
    app.start(["--quiet", "worker", *arguments, *_QUIET])


def run_worker(settings: Settings, queue: str) -> None:
    """One queue's prefork worker group, until SIGTERM (which finishes what is in hand).

    Raises:
        ValueError: no such queue, or a needed setting is missing; the message names it.
    """
    if queue not in QUEUES:
        raise ValueError(f"no queue {queue!r}; the queues are {', '.join(QUEUES)}")
    require_all(settings, "worker")
    configure(settings, f"worker-{queue}")
    begin(settings, f"worker-{queue}")
    _work("--queues", queue, "--hostname", f"{queue}@%h", "--concurrency", str(settings.workers_per_queue))


def run_calls(settings: Settings, queues: tuple[str, ...] = QUEUES) -> None:
    """The thread-pool group for calls to the outside: a hanging provider stops nobody's handlers.

    Raises:
        ValueError: a needed setting is missing; the message names it.
    """
    require_all(settings, "calls")
    configure(settings, "calls")
    begin(settings, "calls")
    names = ",".join(f"{queue}.calls" for queue in queues)
    host = "calls" if queues == QUEUES else f"{'-'.join(queues)}-calls"
    threads = str(2 * settings.workers_per_queue)
    _work("--queues", names, "--hostname", f"{host}@%h", "--pool", "threads", "--concurrency", threads)


def run_beat(settings: Settings) -> None:
    """Beat, the metronome.

    Raises:
        ValueError: a needed setting is missing; the message names it.
    """
    require_all(settings, "beat")
    configure(settings, "beat")
    begin(settings, "beat")
    app.Beat(loglevel="WARNING", scheduler="schedules.beat:SlotScheduler", schedule=os.devnull, quiet=True).run()
