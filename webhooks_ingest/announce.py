"""Tells workers what was stored, often enough to be quick and seldom enough to be cheap.

Publishing one hint costs the processor ten times what storing a row does. So up to 100 times a second each batch is
announced at once, and above that everything stored within 10 ms goes into one message a queue. Where that is more than a
worker takes as one batch, workers are told to drain the queue instead, ten times a second at most: they then take the rows in
fair order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from core.clock import monotonic_s
from webhooks_ingest.insert import Row

_INTERVAL_S = 0.01
_BUSY_INTERVAL_S = 0.1
MOST_NAMED = 50


class Hints(Protocol):
    """Where stored rows are announced. Must not block and must not raise."""

    def hint(self, queue: str, ids: Sequence[int], label: str | None = None) -> None:
        """Rows of a queue are ready."""
        ...

    def backlog(self, queue: str) -> None:
        """More rows of a queue are ready than a message should name."""
        ...


class Announcer:
    """Gathers new rows by queue. What is lost with the process is found by the sweep."""

    def __init__(self, hints: Hints) -> None:
        self._hints = hints
        self._fresh: dict[str, list[Row]] = {}
        self._next_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, row: Row) -> None:
        """A row was stored; nothing is sent yet."""
        self._fresh.setdefault(row.queue, []).append(row)

    def send_soon(self) -> None:
        """Send what was added, now or shortly."""
        if not self._fresh or self._timer is not None:
            return
        wait_s = self._next_s - monotonic_s()
        if wait_s <= 0:
            self.send()
        else:
            self._timer = asyncio.get_running_loop().call_later(wait_s, self.send)

    def send(self) -> None:
        """Send what was added, one message a queue; a single row under its handler's name."""
        fresh, self._fresh, self._timer = self._fresh, {}, None
        busy = False
        for queue, rows in fresh.items():
            if len(rows) > MOST_NAMED:
                busy = True
                self._hints.backlog(queue)
            else:
                ids = [row.id for row in rows if row.id is not None]
                self._hints.hint(queue, ids, rows[0].label if len(rows) == 1 else None)
        self._next_s = monotonic_s() + (_BUSY_INTERVAL_S if busy else _INTERVAL_S)
