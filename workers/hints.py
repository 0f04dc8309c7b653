"""Hints: broker messages that make work start sooner. Losing all of them costs latency, never an event (INBOX-15).

Publishing runs in a thread of its own with a bounded queue and short time-outs, because a hanging Redis would else hang
the receiver: with default settings a publish into a stopped Redis never returns.
"""

from __future__ import annotations

import queue as queues
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import structlog
from celery import Celery

from core.clock import monotonic_s
from workers import broker
from workers.app import producer_app
from workers.observe import metrics

log = structlog.get_logger(__name__)

_BACKLOG = 2_000
_FAILURES_TO_OPEN = 3
_OPEN_S = 5.0
_CROWDED = 20
"""Messages in a queue from which on naming rows is of no use: they would wait behind the others, past the fair order."""
_FULL = 100
"""Messages from which on nobody needs one more; what is owed then is sent when they are fewer."""
_LOOK_S = 0.1
_FOLD_S = 0.25


@dataclass(frozen=True, slots=True)
class Hint:
    """One message: the task, its queue, what it says, and the name that Flower shows for it."""

    task: str
    queue: str
    kwargs: dict[str, Any]
    shadow: str | None = None
    folds: Literal["never", "when crowded", "always"] = "never"
    """When a drain hint takes its place, one for all that came within a quarter of a second."""


class _Debts:
    """Queues to which a drain hint is owed, for rows that were stored since the last one was sent."""

    def __init__(self) -> None:
        self._owed: set[str] = set()
        self._paid: dict[str, float] = {}

    def __bool__(self) -> bool:
        return bool(self._owed)

    def add(self, queue: str) -> None:
        """One is owed."""
        self._owed.add(queue)

    def settle(self, queue: str) -> None:
        """It is sent, after the rows that it stands for were stored."""
        self._owed.discard(queue)

    def due(self, *, at_once: bool) -> Iterator[str]:
        """Queues whose turn it is, each a few times a second at most."""
        now_s = monotonic_s()
        for queue in tuple(self._owed):
            if at_once or now_s >= self._paid.get(queue, 0.0) + _FOLD_S:
                self._paid[queue] = now_s
                yield queue


class Hinter:
    """Publishes hints off the caller's path. `hint` never blocks and never raises.

    What cannot be sent is dropped; the sweep heals it.
    """

    def __init__(self, broker_url: str) -> None:
        self._app: Celery = producer_app(broker_url)
        self._options = broker.publish_options(broker_url)
        self._waiting: queues.Queue[Hint | None] = queues.Queue(_BACKLOG)
        self._failures = 0
        self._open_until = 0.0
        self._seen: dict[str, tuple[float, int]] = {}
        self._owed = _Debts()
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="hints", daemon=True)
        self._thread.start()

    @property
    def broken(self) -> bool:
        """Whether the broker is out of reach: the breaker is open."""
        return monotonic_s() < self._open_until

    def hint(self, queue: str, ids: Sequence[int], label: str | None = None) -> None:
        """Rows of the inbox are ready; `label` names the handler (`Route.name`) when it is one event."""
        shadow = label or (f"{queue}.batch" if len(ids) > 1 else None)
        self._put(Hint(f"tasks.{queue}.run", queue, {"ids": list(ids)}, shadow=shadow, folds="when crowded"))

    def backlog(self, queue: str) -> None:
        """More rows of the inbox are ready than a message should name."""
        self._put(Hint("", queue, {}, folds="always"))

    def hint_calls(self, queue: str, ids: Sequence[int]) -> None:
        """Rows of the outbox are ready."""
        self._put(Hint(f"tasks.{queue}.call", f"{queue}.calls", {"ids": list(ids)}, shadow=f"{queue}.calls"))

    def hint_slot(self, queue: str, job: str, slot_at: str, hand: int = 0) -> None:
        """A slot of a scheduled run is due; `hand`: another worker's help at it is wanted."""
        asked = {"job": job, "slot_at": slot_at} | ({"hand": hand} if hand else {})
        self._put(Hint(f"tasks.{queue}.slot", queue, asked, shadow=f"{queue}.runs.{job}"))

    def drain(self, queue: str, *, calls: bool = False) -> None:
        """There is a backlog: work through the queue."""
        self._put(_drain(queue, calls=calls))

    def probe(self, queue: str, *, calls: bool = False) -> None:
        """Prove the path through the queue: whoever takes this message writes the queue's heartbeat, nothing else."""
        target = f"{queue}.calls" if calls else queue
        self._put(Hint(f"tasks.{queue}.probe", target, {"name": target}))

    def depth(self, queue: str) -> int | None:
        """Messages that wait in a broker queue, or None when the broker cannot say."""
        if self.broken:
            return None
        try:
            with self._app.connection_or_acquire() as connection:
                return broker.depth(connection, queue)
        except Exception as error:  # noqa: BLE001  # kombu's transports raise their own classes; each means "can't say"
            self._failed(error)
            return None

    def close(self, timeout_s: float = 2.0) -> None:
        """Send what waits, as far as it goes in the time."""
        try:
            self._waiting.put_nowait(None)
        except queues.Full:
            return
        self._thread.join(timeout_s)

    def _put(self, hint: Hint) -> None:
        if self.broken:
            self._drop()
            return
        try:
            self._waiting.put_nowait(hint)
        except queues.Full:
            self._drop()

    def _drop(self) -> None:
        self.dropped += 1
        metrics.hinted("dropped")

    def _run(self) -> None:
        more = True
        while more:
            try:
                hint = self._waiting.get(timeout=_FOLD_S if self._owed else None)
                more = hint is not None
            except queues.Empty:
                hint = None
            try:
                if hint is not None:
                    self._publish(hint)
                self._pay(at_once=not more)
            except Exception as error:  # noqa: BLE001  # a hint may always fail: the row is the truth
                self._drop()
                self._failed(error)

    def _publish(self, hint: Hint) -> None:
        if self.broken:
            self._drop()
        elif hint.folds == "always" or (hint.folds == "when crowded" and self._crowded(hint.queue)):
            self._owed.add(hint.queue)
            metrics.hinted("folded")
        else:
            self._send(hint)
            if hint.folds != "never":
                self._look(hint.queue)

    def _pay(self, *, at_once: bool) -> None:
        for queue in () if self.broken else self._owed.due(at_once=at_once):
            if (self.depth(queue) or 0) < _FULL:
                self._owed.settle(queue)
                self._send(_drain(queue))

    def _send(self, hint: Hint) -> None:
        # Celery's own representation of the arguments, which Flower shows, would cost a quarter of the whole.
        self._app.send_task(
            hint.task, kwargs=hint.kwargs, queue=hint.queue, shadow=hint.shadow, retry=False, ignore_result=True,
            argsrepr="()", kwargsrepr=repr(hint.kwargs), **self._options,
        )  # fmt: skip
        self._failures = 0
        metrics.hinted("sent")

    def _crowded(self, queue: str) -> bool:
        """Whether so many messages wait that one more name is of no use; asked anew only while it was so."""
        if self._seen.get(queue, (0.0, 0))[1] >= _CROWDED:
            self._look(queue)
        return self._seen.get(queue, (0.0, 0))[1] >= _CROWDED

    def _look(self, queue: str) -> None:
        """Ask for the queue's depth now and then, after sending, so that no hint waits for the answer."""
        now_s = monotonic_s()
        if now_s > self._seen.get(queue, (0.0, 0))[0] + _LOOK_S:
            self._seen[queue] = now_s, self.depth(queue) or 0

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        if self._failures >= _FAILURES_TO_OPEN:
            self._failures = 0
            self._open_until = monotonic_s() + _OPEN_S
            log.warning(
                "broker_unreachable",
                error_class=type(error).__name__,
                error=str(error)[:200],
                effect="rows wait for the standby",
                pause_s=_OPEN_S,
            )


def _drain(queue: str, *, calls: bool = False) -> Hint:
    task, target = (f"tasks.{queue}.call", f"{queue}.calls") if calls else (f"tasks.{queue}.run", queue)
    return Hint(task, target, {}, shadow=f"{queue}.drain{'_calls' if calls else ''}")
