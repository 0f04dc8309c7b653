"""The commands' one connection and their SQL: accepts a batch, reads states, keeps conflicts; whatever hangs is given up.

Apart from the providers' connection (link.py), so that neither door waits for the other: a command may have to wait for an
uncommitted one with the same key, in the app's own transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import psycopg
import structlog

from models.database import connect_options

log = structlog.get_logger(__name__)

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
T = TypeVar("T")
_CONNECT_TIMEOUT_S = 2
_STATEMENT_TIMEOUT_S = 4.0
"""Longer than the server's own statement time-out of 3 s: beyond it the connection itself is dead."""
_LOCK_TIMEOUT_MS = 250
"""A key that stands in the app's own open transaction has to be waited for; by its own request, and shortly."""

# Sorted, because two receivers that insert the same keys in different orders would deadlock.
_ACCEPT = """
    SELECT t.number, bursar.accept_command(t.name, t.payload::jsonb, t.key, t.lane, t.actor, t.via, t.at)::text
    FROM (SELECT * FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                               %s::timestamptz[]) AS u(number, name, payload, key, lane, actor, via, at) ORDER BY key) AS t"""
_STATUS = "SELECT k.key, bursar_api.status(k.key)::text FROM unnest(%s::text[]) AS k(key)"
_STORED = "SELECT id, queue, event_type FROM bursar.inbox WHERE source = 'app' AND event_id = ANY(%s::text[])"
# At most ten a key, as for providers.
_CONFLICT = """
    INSERT INTO bursar.inbox_conflict (source, event_id, sha256, received_at, headers, body)
    SELECT 'app', %(key)s, sha256(%(body)s::bytea), %(at)s, %(headers)s, %(body)s::bytea
    WHERE (SELECT count(*) FROM bursar.inbox_conflict WHERE source = 'app' AND event_id = %(key)s) < 10
    ON CONFLICT DO NOTHING"""


@dataclass(frozen=True, slots=True)
class Submission:
    """One verified command on its way into the inbox."""

    name: str
    payload: str
    """JSON text."""
    key: str
    lane: str | None
    actor: str | None
    via: str
    """Door and app: `http:shop`."""
    at: datetime


class CommandLink:
    """A connection in the receiver's role that may be down."""

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
        opening = psycopg.AsyncConnection.connect(
            self._url,
            options=f"{connect_options('bursar_recv')} -c lock_timeout={_LOCK_TIMEOUT_MS}",
            autocommit=True,
            application_name="bursar-receiver-commands",
            connect_timeout=_CONNECT_TIMEOUT_S,
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
        )
        try:
            self._connection = await self._bounded(opening, _CONNECT_TIMEOUT_S + 1)
        except (psycopg.Error, OSError) as error:
            log.error("commands_without_database", error=str(error)[:300], effect="commands are answered 503; apps repeat them")
            return False
        return True

    async def accept(self, batch: Sequence[Submission]) -> list[str]:
        """Store a batch in one transaction; each one's status object as JSON, in the order given.

        Raises:
            TimeoutError: the server hangs; the connection was given up.
            psycopg.Error: one of them cannot be accepted, and none was; or the connection was lost.
        """
        fields = ("name", "payload", "key", "lane", "actor", "via", "at")
        columns: list[list[Any]] = [[getattr(one, field) for one in batch] for field in fields]
        answers = dict(await self._run(self._fetch(_ACCEPT, [list(range(len(batch))), *columns])))
        return [answers[number] for number in range(len(batch))]

    async def statuses(self, keys: Sequence[str]) -> dict[str, str | None]:
        """Key -> status object as JSON, None where there is no such command. Raises as `accept`."""
        return dict(await self._run(self._fetch(_STATUS, [list(keys)])))

    async def stored(self, keys: Sequence[str]) -> list[tuple[int, str, str]]:
        """Inbox id, queue and name of each of these commands. Raises as `accept`."""
        return [(row[0], row[1], row[2]) for row in await self._run(self._fetch(_STORED, [list(keys)]))]

    async def keep_conflict(self, key: str, body: bytes, headers: str, at: datetime) -> None:
        """Keep a body that came under the key of another. Raises as `accept`."""
        await self._run(self._execute(_CONFLICT, {"key": key, "body": body, "headers": headers, "at": at}))

    async def close(self) -> None:
        """Close it."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()

    async def _fetch(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        return await (await self._there().execute(statement.encode(), parameters)).fetchall()

    async def _execute(self, statement: str, parameters: dict[str, Any]) -> None:
        await self._there().execute(statement.encode(), parameters)

    def _there(self) -> Connection:
        if self._connection is None:
            raise psycopg.OperationalError("there is no connection")
        return self._connection

    async def _run(self, work: Coroutine[Any, Any, T]) -> T:
        connection = self._connection
        try:
            return await self._bounded(work, _STATEMENT_TIMEOUT_S)
        except TimeoutError:
            self._connection = None
            raise
        finally:
            if connection is not None and connection.closed:
                self._connection = None

    async def _bounded(self, work: Coroutine[Any, Any, T], timeout_s: float) -> T:
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({task}, timeout=timeout_s)
        if not done:
            # Cancelling makes psycopg ask the server to cancel, which takes seconds when that hangs: nobody waits for it.
            task.cancel()
            ending = asyncio.ensure_future(_end(task, self._connection))
            self._left.add(ending)
            ending.add_done_callback(self._left.discard)
            raise TimeoutError("the database does not answer")
        return task.result()


async def _end(work: asyncio.Future[Any], connection: Connection | None) -> None:
    with suppress(asyncio.CancelledError, psycopg.Error, OSError):
        late = await work
        if isinstance(late, psycopg.AsyncConnection):
            await late.close()
    with suppress(psycopg.Error, OSError):
        if connection is not None:
            await connection.close()
