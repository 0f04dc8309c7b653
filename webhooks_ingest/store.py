"""The group-commit store: what waits is written together, nothing is held back to wait for more.

One writer, one connection: while a batch commits, the next one gathers by itself. So an idle receiver stores a row in one
round trip, and a busy one stores up to 64 for the price of one commit. Whatever goes wrong, a request learns within
`store_timeout_s` that it is not known to be stored (503); the provider repeats it, and the unique key makes that harmless.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog

from core.clock import monotonic_s
from webhooks_ingest.announce import Announcer, Hints
from webhooks_ingest.fairness import LaneClock
from webhooks_ingest.insert import Outcome, Row
from webhooks_ingest.link import Link
from workers.observe import metrics

log = structlog.get_logger(__name__)

_RECONNECT_PAUSE_S = 0.25
_ROW_BY_ROW_S = 2.0
_LOOK_INTERVAL_S = 0.1


class UnavailableError(Exception):
    """The delivery is not known to be stored. Nothing was acknowledged; the provider shall repeat it."""


@dataclass(slots=True)
class _Waiting:
    row: Row
    future: asyncio.Future[Outcome]
    deadline_s: float


class Store:
    """Stores rows, each with an outcome of its own. Used from one event loop."""

    def __init__(
        self, url: str, hints: Hints, *, queue_size: int, batch_size: int, timeout_s: float, fair_rate_per_s: float
    ) -> None:
        self._link, self._announcer = Link(url), Announcer(hints)
        self._queue_size, self._batch_size, self._timeout_s = queue_size, batch_size, timeout_s
        self._lanes = LaneClock(fair_rate_per_s)
        self._queue: deque[_Waiting] = deque()
        self._in_hand: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False

    def start(self) -> None:
        """Begin, inside a running loop. A database that is away is waited for in the background."""
        self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._look())]

    async def close(self) -> None:
        """Write what waits, for as long as requests would wait, then end."""
        self._closing = True
        if self._link.up and (self._queue or self._in_hand):
            self._idle.clear()
            await asyncio.wait({asyncio.ensure_future(self._idle.wait())}, timeout=self._timeout_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._fail([*self._queue, *self._in_hand])
        self._announcer.send()
        await self._link.close()

    async def ready(self) -> bool:
        """Whether the writer has its connection and the database answers now."""
        return self._link.up and await self._link.ping()

    def submit(self, row: Row) -> asyncio.Future[Outcome]:
        """Put a row in line; the future gives its outcome, or `UnavailableError`.

        Raises:
            UnavailableError: at once, when the database is away or the line is full.
        """
        if not self._link.up or len(self._queue) >= self._queue_size or self._closing:
            raise UnavailableError
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(row, future, monotonic_s() + self._timeout_s))
        self._wake.set()
        return future

    async def _write(self) -> None:
        queue = self._queue
        while True:
            if not self._link.up:
                await self._reconnect()
                continue
            if not queue:
                self._idle.set()
                self._wake.clear()
                await self._wake.wait()
            batch = [queue.popleft() for _ in range(min(len(queue), self._batch_size))]
            self._in_hand = [waiting for waiting in batch if not waiting.future.done()]
            if self._in_hand:
                await self._store(self._in_hand)
            self._in_hand = []

    async def _reconnect(self) -> None:
        if not await self._link.connect():
            self._fail(self._queue)
            self._queue.clear()
            await asyncio.sleep(_RECONNECT_PAUSE_S)

    async def _store(self, batch: list[_Waiting]) -> None:
        for waiting in batch:
            waiting.row.fair_at = self._lanes.stamp(waiting.row.envelope.lane, waiting.row.received_at)
        try:
            outcomes = await self._link.store([waiting.row for waiting in batch])
        except Exception as error:  # noqa: BLE001 - whatever one row provokes, the door stays open for the others
            log.error("batch_failed", rows=len(batch), error_class=type(error).__name__, error=str(error)[:300])
            if isinstance(error, TimeoutError):
                self._fail(batch)
            else:
                await self._one_by_one(batch)
        else:
            self._settle(batch, outcomes)

    async def _one_by_one(self, batch: list[_Waiting]) -> None:
        """Once more, so that a bad row fails alone; on a new connection if the old one was lost. The key makes it safe."""
        give_up_s = monotonic_s() + _ROW_BY_ROW_S
        if not self._link.up:
            await self._link.connect()
        for waiting in batch:
            if not self._link.up or monotonic_s() > give_up_s or waiting.future.done():
                self._fail([waiting])
                continue
            try:
                outcomes = await self._link.store([waiting.row])
            except Exception as error:  # noqa: BLE001 - as above
                log.error(
                    "row_not_stored",
                    source=waiting.row.envelope.source,
                    event_id=waiting.row.envelope.event_id,
                    error_class=type(error).__name__,
                    error=str(error)[:300],
                    effect="answered 503, the provider repeats it; no money moved",
                )
                self._fail([waiting])
            else:
                self._settle([waiting], outcomes)

    def _settle(self, batch: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
        """Answer first, then count and hint."""
        counts: Counter[tuple[str, str]] = Counter()
        for waiting, outcome in zip(batch, outcomes, strict=True):
            row = waiting.row
            if not waiting.future.done():
                waiting.future.set_result(outcome)
            counts[row.envelope.source, outcome.value] += 1
            if row.id is not None and row.state == "received":
                self._announcer.add(row)
        for (source, outcome_name), count in counts.items():
            metrics.received(source, outcome_name, count)
        self._announcer.send_soon()

    def _fail(self, batch: Iterable[_Waiting]) -> None:
        for waiting in batch:
            if not waiting.future.done():
                waiting.future.set_exception(UnavailableError())

    async def _look(self) -> None:
        """Tell those who have waited too long. One timer for all: a time-out for each request would cost more than the rest."""
        while True:
            await asyncio.sleep(_LOOK_INTERVAL_S)
            self._link.look()
            now_s = monotonic_s()
            while self._queue and self._queue[0].deadline_s < now_s:
                self._fail([self._queue.popleft()])
            self._fail([waiting for waiting in self._in_hand if waiting.deadline_s < now_s])
