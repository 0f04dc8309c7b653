"""The few tasks that Celery knows: per queue `run` (inbox), `call` (outbox) and `slot` (scheduled runs).

A task raises after it has settled its row, so that Flower shows a failed event as a failure and not as SUCCESS.
"""

from __future__ import annotations

from typing import Any

import structlog
from celery.signals import worker_init, worker_process_init

from core.settings import QUEUES
from workers import context as surroundings
from workers import inbox, outbox, slots
from workers.app import app
from workers.hints import Hinter
from workers.inbox import Outcome
from workers.liveness import beat
from workers.routing import preload

log = structlog.get_logger(__name__)
_hinters: list[Hinter] = []


class EventFailedError(Exception):
    """One event's handler failed; its row is settled (waiting or dead) and holds the error."""


class CallFailedError(Exception):
    """One call to the outside failed; its row is settled and holds the error."""


def _hinter() -> Hinter:
    if not _hinters:
        _hinters.append(Hinter(surroundings.process_context().settings.broker_url.get_secret_value()))
    return _hinters[0]


@worker_init.connect  # type: ignore[untyped-decorator]
def _import_handlers(**_: Any) -> None:
    """Before the pool forks: its processes share the imported modules' memory and start at once."""
    preload()


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _forget_parent(**_: Any) -> None:
    surroundings.forget()
    _hinters.clear()


def run(queue: str, ids: list[int] | None) -> str:
    """Process the named inbox rows, or drain the queue."""
    context = surroundings.process_context()
    beat(context, queue)
    outcome = inbox.drain(context, queue) if ids is None else inbox.work(context, queue, ids)
    _hint_follow_ups(queue, outcome)
    return _report(outcome, single=ids is not None and len(ids) == 1, error=EventFailedError)


def call(queue: str, ids: list[int] | None) -> str:
    """Perform the named outbox calls, or drain them."""
    context = surroundings.process_context()
    beat(context, f"{queue}.calls")
    outcome = outbox.drain(context, queue) if ids is None else outbox.work(context, queue, ids)
    if outcome.more:
        _hinter().drain(queue, calls=True)
    return _report(outcome, single=ids is not None and len(ids) == 1, error=CallFailedError)


def slot(queue: str, job: str, slot_at: str) -> str:
    """Run one slot of a scheduled run."""
    return slots.run(surroundings.process_context(), queue, job, slot_at)


def _hint_follow_ups(queue: str, outcome: Outcome) -> None:
    by_queue: dict[str, list[int]] = {}
    for target, row_id in outcome.calls:
        by_queue.setdefault(target, []).append(row_id)
    for target, row_ids in by_queue.items():
        _hinter().hint_calls(target, row_ids)
    if outcome.more or outcome.put_back:
        _hinter().drain(queue)


def _report(outcome: Outcome, *, single: bool, error: type[Exception]) -> str:
    if single and outcome.failed:
        row_id, label, failure = outcome.failed[0]
        raise error(f"{label} (row {row_id}) {failure.error_class}: {failure.error}")
    return str(outcome)


def _register(queue: str) -> None:
    """Three tasks for one queue; their names are all that messages can ask for."""

    @app.task(name=f"tasks.{queue}.run")  # type: ignore[untyped-decorator]
    def _run(ids: list[int] | None = None) -> str:
        return run(queue, ids)

    @app.task(name=f"tasks.{queue}.call")  # type: ignore[untyped-decorator]
    def _call(ids: list[int] | None = None) -> str:
        return call(queue, ids)

    @app.task(name=f"tasks.{queue}.slot")  # type: ignore[untyped-decorator]
    def _slot(job: str, slot_at: str) -> str:
        return slot(queue, job, slot_at)


for _queue in QUEUES:
    _register(_queue)
