"""The writer's one connection: opened, watched and let go, so that a database that hangs hangs nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
import structlog

from core.clock import monotonic_s
from webhooks_ingest.insert import Outcome, Row, open_connection, store_rows
from webhooks_ingest.wire import Wire

log = structlog.get_logger(__name__)

T = TypeVar("T")
_CONNECT_TIMEOUT_S = 2
_ANSWER_TIMEOUT_S = 4.0
"""Longer than the server's own statement time-out of 3 s: beyond it the connection itself is dead."""


class Link:
    """A connection to the inbox that may be down."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._wire: Wire | None = None
        self._asked_s: float | None = None
        self._left: set[asyncio.Task[None]] = set()

    @property
    def up(self) -> bool:
        """Whether there is a connection, as far as we know."""
        return self._wire is not None

    async def connect(self) -> bool:
        """Try to connect, for about 3 s at most; whether it worked. A failure is logged."""
        opening = asyncio.ensure_future(open_connection(self._url, connect_timeout_s=_CONNECT_TIMEOUT_S))
        try:
            self._wire = Wire(await self._bounded(opening, _CONNECT_TIMEOUT_S + 1))
        except (psycopg.Error, OSError) as error:
            log.error(
                "database_unreachable",
                error=str(error)[:300],
                effect="deliveries are answered 503 and repeated by their providers",
            )
            return False
        log.info("database_connected")
        return True

    async def store(self, rows: list[Row]) -> list[Outcome]:
        """`store_rows`; a server that hangs and cannot be told to cancel is given up by `look`.

        Raises:
            TimeoutError: it hangs; the connection was given up.
            Exception: whatever the rows provoked; the connection may be down since.
        """
        wire = self._wire
        if wire is None:
            raise psycopg.OperationalError("there is no connection")
        self._asked_s = monotonic_s()
        try:
            return await store_rows(wire, rows)
        except asyncio.CancelledError:
            # Nobody would read the answer: the next statement on this connection would take it for its own.
            wire.abandon()
            raise
        finally:
            self._asked_s = None
            if wire.closed:
                self._wire = None

    def look(self) -> None:
        """Give up a connection that has not answered for too long. Called now and then: a timer for each batch would cost more."""
        if self._wire is not None and self._asked_s is not None and monotonic_s() > self._asked_s + _ANSWER_TIMEOUT_S:
            self._wire.abandon()

    async def ping(self) -> bool:
        """Whether the database answers a new connection in the receiver's role now."""
        try:
            connection = await self._bounded(
                asyncio.ensure_future(open_connection(self._url, connect_timeout_s=_CONNECT_TIMEOUT_S)),
                _CONNECT_TIMEOUT_S + 1,
            )
            async with connection:
                await connection.execute("SELECT 1 FROM bursar.inbox LIMIT 1")
        except (psycopg.Error, OSError):
            return False
        return True

    async def close(self) -> None:
        """Close it."""
        if self._wire is not None:
            self._wire.abandon()
            self._wire = None

    async def _bounded(self, work: asyncio.Future[T], timeout_s: float) -> T:
        done, _ = await asyncio.wait({work}, timeout=timeout_s)
        if not done:
            # Cancelling makes psycopg ask the server to cancel, which takes seconds when that hangs: nobody waits for it.
            work.cancel()
            self._keep(_end(work))
            raise TimeoutError("the database does not answer")
        return work.result()

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._left.add(task)
        task.add_done_callback(self._left.discard)


async def _end(work: asyncio.Future[Any]) -> None:
    with suppress(asyncio.CancelledError, psycopg.Error, OSError):
        late = await work
        if isinstance(late, psycopg.AsyncConnection):
            await late.close()
