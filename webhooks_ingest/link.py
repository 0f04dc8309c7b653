"""The writer's one connection: opened, watched and let go, so that a database that hangs hangs nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
import structlog

from webhooks_ingest.insert import Connection, Outcome, Row, open_connection, store_rows

log = structlog.get_logger(__name__)

T = TypeVar("T")
_CONNECT_TIMEOUT_S = 2
_STATEMENT_TIMEOUT_S = 4.0
"""Longer than the server's own statement time-out of 3 s: beyond it the connection itself is dead."""


class Link:
    """A connection to the inbox that may be down."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._left: set[asyncio.Task[None]] = set()

    @property
    def up(self) -> bool:
        """Whether there is a connection, as far as we know."""
        return self._connection is not None

    async def connect(self) -> bool:
        """Try to connect, for about 3 s at most; whether it worked. A failure is logged."""
        opening = asyncio.ensure_future(open_connection(self._url, connect_timeout_s=_CONNECT_TIMEOUT_S))
        try:
            self._connection = await self._bounded(opening, _CONNECT_TIMEOUT_S + 1)
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
        """`store_rows`, bounded in time also where the server hangs and cannot be told to cancel.

        Raises:
            TimeoutError: it hangs; the connection was given up.
            Exception: whatever the rows provoked; the connection may be down since.
        """
        connection = self._connection
        if connection is None:
            raise psycopg.OperationalError("there is no connection")
        try:
            return await self._bounded(asyncio.ensure_future(store_rows(connection, rows)), _STATEMENT_TIMEOUT_S)
        except TimeoutError:
            self._connection = None
            raise
        finally:
            if connection.closed:
                self._connection = None

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
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()

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
