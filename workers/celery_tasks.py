"""The few tasks that Celery knows: per queue `run` (inbox), `call` (outbox), `slot` (scheduled runs) and `probe`.

A task raises after it has settled its row, so that Flower shows a failed event as a failure and not as SUCCESS.
"""

from __future__ import annotations

from typing import Any

import structlog
from celery.signals import worker_init, worker_process_init

from core.clock import monotonic_s
from core.settings import QUEUES
from workers import context as surroundings
from workers import inbox, outbox, slot_hands, slots
from workers.app import SettledError, app
from workers.hints import Hinter
from workers.inbox import Outcome
from workers.liveness import beat
from workers.observe import metrics
from workers.routing import preload

log = structlog.get_logger(__name__)
_hinters: list[Hinter] = []
_MOST_NAMED = 20


class EventFailedError(SettledError):
    """Handlers failed; their rows are settled (waiting or dead) and hold the errors."""


class SlotFailedError(SettledError):
    """A scheduled run failed; its slot is settled (due again, or failed) and holds the error."""


class CallFailedError(SettledError):
    """Calls to the outside failed; their rows are settled and hold the errors."""


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
    context, began_at_s = surroundings.process_context(), monotonic_s()
    beat(context, queue)
    outcome = inbox.drain(context, queue) if ids is None else inbox.work(context, queue, ids)
    _hint_follow_ups(queue, outcome)
    return _report(queue, "run", outcome, began_at_s, EventFailedError)


def call(queue: str, ids: list[int] | None) -> str:
    """Perform the named outbox calls, or drain them."""
    context, began_at_s = surroundings.process_context(), monotonic_s()
    beat(context, f"{queue}.calls")
    outcome = outbox.drain(context, queue) if ids is None else outbox.work(context, queue, ids)
    if outcome.more:
        _hinter().drain(queue, calls=True)
    return _report(queue, "call", outcome, began_at_s, CallFailedError)


def slot(queue: str, job: str, slot_at: str, hand: int) -> str:
    """Run one turn of a scheduled run's slot, or of a further hand at it."""
    began_at_s, result = monotonic_s(), "failed"
    context = surroundings.process_context()
    try:
        turn = slot_hands.turn(context, queue, job, slot_at, hand) if hand else slots.turn(context, queue, job, slot_at)
        result = "done"
    except slots.RunFailedError as error:
        raise SlotFailedError(str(error)) from None  # the cause is in the slot, the log and Sentry
    finally:
        metrics.ran(queue, result=result, seconds=monotonic_s() - began_at_s)
    if turn.more:
        _hinter().hint_slot(queue, job, slot_at, hand)
    if turn.shared:
        # Said with each of its turns: one that has died is replaced, one that lives lets the message go by.
        for other in range(1, context.settings.run_hands):
            _hinter().hint_slot(queue, job, slot_at, other)
    return turn.said


def hint_row(queue: str, row_id: int) -> None:
    """Tell another queue's workers of a row."""
    _hinter().hint(queue, [row_id])


def _hint_follow_ups(queue: str, outcome: Outcome) -> None:
    by_queue: dict[str, list[int]] = {}
    for target, row_id in outcome.calls:
        by_queue.setdefault(target, []).append(row_id)
    for target, row_ids in by_queue.items():
        _hinter().hint_calls(target, row_ids)
    if outcome.more or outcome.put_back:
        _hinter().drain(queue)


def _report(queue: str, kind: str, outcome: Outcome, began_at_s: float, error: type[SettledError]) -> str:
    """Count, and say what became of the rows. A failed row makes a failed task: no failure hides in a SUCCESS."""
    metrics.settled(queue, kind, outcome, seconds=monotonic_s() - began_at_s)
    if not outcome.failed:
        return str(outcome)
    row_id, label, failure = outcome.failed[0]
    first = f"{label} (row {row_id}) {failure.error_class}: {failure.error}"
    if len(outcome.failed) == 1 and not outcome.done:
        raise error(first)
    rows = ", ".join(str(row_id) for row_id, _, _ in outcome.failed[:_MOST_NAMED])
    raise error(
        f"{outcome}; failed rows: {rows}{', ...' if len(outcome.failed) > _MOST_NAMED else ''}; the first one: {first}"
    )


def _register(queue: str) -> None:
    """Four tasks for one queue; their names are all that messages can ask for."""

    @app.task(name=f"tasks.{queue}.run")  # type: ignore[untyped-decorator]
    def _run(ids: list[int] | None = None) -> str:
        return run(queue, ids)

    @app.task(name=f"tasks.{queue}.call")  # type: ignore[untyped-decorator]
    def _call(ids: list[int] | None = None) -> str:
        return call(queue, ids)

    @app.task(name=f"tasks.{queue}.slot")  # type: ignore[untyped-decorator]
    def _slot(job: str, slot_at: str, hand: int = 0) -> str:
        return slot(queue, job, slot_at, hand)

    # Without events: eight of them each 10 s would push what operators look for out of Flower.
    @app.task(name=f"tasks.{queue}.probe", send_events=False)  # type: ignore[untyped-decorator]
    def _probe(name: str) -> None:
        beat(surroundings.process_context(), name if name == f"{queue}.calls" else queue)


for _queue in QUEUES:
    _register(_queue)
