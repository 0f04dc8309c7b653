"""The counters that processes keep. They are incremented once per message or batch, never per row: a few microseconds.

Every metric has a label, because a value without one would open its file when this module is imported, before `share`.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()
"""All of them, for processes that count for themselves alone, and for docs/metrics.md."""

EVENTS_RECEIVED = Counter(
    "bursar_events_received",
    "Deliveries at the door: stored or known already, or why refused. Source `http`: what reached no source, by status.",
    ["source", "outcome"],
    registry=REGISTRY,
)
EVENTS_PROCESSED = Counter(
    "bursar_events_processed",
    "Inbox rows that a runner settled: `done`, `failed` (waiting or dead now), `put_back` (lane taken).",
    ["queue", "result"],
    registry=REGISTRY,
)
CALLS = Counter(
    "bursar_calls", "Calls to the outside that were settled: `done`, `failed`.", ["queue", "result"], registry=REGISTRY
)
RUNS = Counter(
    "bursar_runs", "Scheduled runs by their result: `done`, `failed`.", ["queue", "result"], registry=REGISTRY
)
MESSAGE_SECONDS = Histogram(
    "bursar_message_seconds",
    "Time that one message kept a worker process, from claim to commit. `kind` is `run`, `call` or `slot`.",
    ["queue", "kind"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30),
    registry=REGISTRY,
)
MESSAGE_ROWS = Histogram(
    "bursar_message_rows",
    "Rows that one message settled: 1 at low load, up to hundreds when a backlog is drained.",
    ["queue", "kind"],
    buckets=(0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000),
    registry=REGISTRY,
)
HINTS = Counter(
    "bursar_hints",
    "Hints by their fate: `sent`, `folded` (enough messages wait in the queue), "
    "`dropped` (broker away or backlog full; the sweep heals it).",
    ["outcome"],
    registry=REGISTRY,
)


class Outcome(Protocol):
    """What became of the rows of one message."""

    @property
    def done(self) -> int:
        """Rows done."""

    @property
    def failed(self) -> Sized:
        """Rows that failed."""

    @property
    def put_back(self) -> Sized:
        """Rows given back untouched."""


def settled(queue: str, kind: str, outcome: Outcome, *, seconds: float) -> None:
    """Count what one message did; `kind` is `run` (inbox) or `call` (outbox)."""
    counter = CALLS if kind == "call" else EVENTS_PROCESSED
    counts = {"done": outcome.done, "failed": len(outcome.failed), "put_back": len(outcome.put_back)}
    for result, rows in counts.items():
        if rows:
            counter.labels(queue, result).inc(rows)
    MESSAGE_SECONDS.labels(queue, kind).observe(seconds)
    MESSAGE_ROWS.labels(queue, kind).observe(counts["done"] + counts["failed"])


def ran(queue: str, *, result: str, seconds: float) -> None:
    """Count a scheduled run."""
    RUNS.labels(queue, result).inc()
    MESSAGE_SECONDS.labels(queue, "slot").observe(seconds)


def hinted(outcome: str, hints: int = 1) -> None:
    """Count hints that were `sent`, `folded` or `dropped`."""
    HINTS.labels(outcome).inc(hints)


def received(source: str, outcome: str, events: int = 1) -> None:
    """Count requests at the door."""
    EVENTS_RECEIVED.labels(source, outcome).inc(events)
