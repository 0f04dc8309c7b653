"""The commands' own bounded line: what waits is accepted together, and each request learns its own outcome.

One writer, one connection, as in store.py. A batch is one transaction; where one command of it is refused, each is tried by
itself, so that a wrong one refuses nobody else. Everything is answered within `timeout_s`, with 503 at the latest.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg
import structlog

from core.clock import monotonic_s
from webhooks_ingest.announce import MOST_NAMED, Hints
from webhooks_ingest.command_link import CommandLink, Submission
from workers.routing import route

log = structlog.get_logger(__name__)

_RECONNECT_PAUSE_S = 0.25
_ROW_BY_ROW_S = 2.0
_LOOK_INTERVAL_S = 0.1


class CommandsUnavailableError(Exception):
    """It is not known to be stored. Nothing was acknowledged; the app shall repeat it with the same key."""


class CommandRefusedError(Exception):
    """The database refuses the command, for good. Nothing was stored."""

    def __init__(self, sqlstate: str, message: str, detail: str | None, hint: str | None) -> None:
        super().__init__(sqlstate, message)
        self.sqlstate, self.message, self.detail, self.hint = sqlstate, message, detail, hint


class _Flag(msgspec.Struct):
    new: bool = False


_FLAG = msgspec.json.Decoder(_Flag)


@dataclass(slots=True)
class _Waiting:
    work: Submission | str
    """A command, or the key of one that is asked for."""
    future: asyncio.Future[Any]
    deadline_s: float


class CommandStore:
    """Accepts commands and reads their states. Used from one event loop."""

    def __init__(self, url: str, hints: Hints, *, queue_size: int, batch_size: int, timeout_s: float) -> None:
        self._link, self._hints = CommandLink(url), hints
        self._queue_size, self._batch_size, self._timeout_s = queue_size, batch_size, timeout_s
        self._queue: deque[_Waiting] = deque()
        self._in_hand: list[_Waiting] = []
        self._wake, self._idle = asyncio.Event(), asyncio.Event()
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
        _fail([*self._queue, *self._in_hand])
        await self._link.close()

    async def submit(self, submission: Submission) -> tuple[str, bool]:
        """The status object as JSON, and whether the command is new.

        Raises:
            CommandsUnavailableError: the database is away or slow, or the line is full.
            CommandRefusedError: it cannot be accepted.
        """
        answer: str = await self._put(submission)
        return answer, _FLAG.decode(answer).new

    async def status(self, key: str) -> str | None:
        """The status object as JSON; None when there is no such command. Raises CommandsUnavailableError."""
        answer: str | None = await self._put(key)
        return answer

    async def keep_conflict(self, submission: Submission, body: bytes, headers: str) -> None:
        """Keep the other body of a known key, if it can be kept; that it is refused does not hang on it."""
        try:
            await self._link.keep_conflict(submission.key, body, headers, submission.at)
        except (psycopg.Error, OSError) as error:
            log.error("conflict_not_kept", key=submission.key, error=str(error)[:300], effect="refused all the same")

    def _put(self, work: Submission | str) -> asyncio.Future[Any]:
        if not self._link.up or len(self._queue) >= self._queue_size or self._closing:
            raise CommandsUnavailableError
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(work, future, monotonic_s() + self._timeout_s))
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
            commands = [waiting for waiting in self._in_hand if isinstance(waiting.work, Submission)]
            if commands:
                await self._accept(commands)
            asked = [waiting for waiting in self._in_hand if isinstance(waiting.work, str)]
            if asked:
                await self._read(asked)
            self._in_hand = []

    async def _reconnect(self) -> None:
        if not await self._link.connect():
            _fail(self._queue)
            self._queue.clear()
            await asyncio.sleep(_RECONNECT_PAUSE_S)

    async def _accept(self, batch: Sequence[_Waiting]) -> None:
        try:
            await self._accepted(batch)
        except TimeoutError:
            _fail(batch)
        except Exception as error:  # noqa: BLE001 - whatever one command provokes, the door stays open for the others
            if len(batch) == 1 and _refuse(batch[0], error):
                return
            await self._one_by_one(batch)

    async def _one_by_one(self, batch: Sequence[_Waiting]) -> None:
        """Once more, each by itself; on a new connection if the old one was lost. The key makes it safe."""
        give_up_s = monotonic_s() + _ROW_BY_ROW_S
        if not self._link.up:
            await self._link.connect()
        for waiting in batch:
            if not self._link.up or monotonic_s() > give_up_s or waiting.future.done():
                _fail([waiting])
                continue
            try:
                await self._accepted([waiting])
            except Exception as error:  # noqa: BLE001 - as above
                if not _refuse(waiting, error):
                    log.error("command_not_stored", error_class=type(error).__name__, error=str(error)[:300], effect="answered 503")
                    _fail([waiting])

    async def _accepted(self, batch: Sequence[_Waiting]) -> None:
        """Accept, answer, and only then hint: the rows are committed, and the sweep would find them too."""
        submissions = [waiting.work for waiting in batch if isinstance(waiting.work, Submission)]
        answers = await self._link.accept(submissions)
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.future.done():
                waiting.future.set_result(answer)
        fresh = [one.key for one, answer in zip(submissions, answers, strict=True) if _FLAG.decode(answer).new]
        if fresh:
            await _hint(self._link, self._hints, fresh)

    async def _read(self, asked: Sequence[_Waiting]) -> None:
        try:
            found = await self._link.statuses(sorted({str(waiting.work) for waiting in asked}))
        except Exception as error:  # noqa: BLE001 - as above
            log.error("commands_not_read", error_class=type(error).__name__, error=str(error)[:300], effect="answered 503")
            _fail(asked)
            return
        for waiting in asked:
            if not waiting.future.done():
                waiting.future.set_result(found[str(waiting.work)])

    async def _look(self) -> None:
        """Tell those who have waited too long."""
        while True:
            await asyncio.sleep(_LOOK_INTERVAL_S)
            now_s = monotonic_s()
            while self._queue and self._queue[0].deadline_s < now_s:
                _fail([self._queue.popleft()])
            _fail([waiting for waiting in self._in_hand if waiting.deadline_s < now_s])


async def _hint(link: CommandLink, hints: Hints, keys: Sequence[str]) -> None:
    try:
        stored = await link.stored(keys)
    except (psycopg.Error, OSError) as error:
        log.warning("commands_not_hinted", commands=len(keys), error=str(error)[:200], effect="the sweep finds them")
        return
    by_queue: dict[str, list[int]] = {}
    for row_id, queue, _ in stored:
        by_queue.setdefault(queue, []).append(row_id)
    for queue, ids in by_queue.items():
        if len(ids) > MOST_NAMED:
            hints.backlog(queue)
        else:
            handler = route("app", stored[0][2]) if len(stored) == 1 else None
            hints.hint(queue, ids, handler.name if handler else None)


def _refuse(waiting: _Waiting, error: Exception) -> bool:
    """Pass on what the database says about this command; False when it says nothing about it."""
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    # BU: our own words; 22 and 54: PostgreSQL cannot keep such a JSON (a NUL, a number or nesting beyond its bounds).
    if not isinstance(error, psycopg.Error) or state is None or state[:2] not in ("BU", "22", "54"):
        return False
    if not waiting.future.done():
        told = error.diag
        waiting.future.set_exception(
            CommandRefusedError(state, told.message_primary or "", told.message_detail, told.message_hint)
        )
    return True


def _fail(batch: Iterable[_Waiting]) -> None:
    for waiting in batch:
        if not waiting.future.done():
            waiting.future.set_exception(CommandsUnavailableError())
