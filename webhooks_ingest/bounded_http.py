"""What a connection may cost: size and time of a head, time of a request, idle connections, pipelined requests.

uvicorn's own protocol keeps half a head open for ever, takes heads of any size (RELIABILITY 3.2), and spends 10 us a request
on what no webhook needs. Here a request, head and body together, has `request_timeout_s` from its first byte; a fresh
connection has as long for that first byte; a head has a size and a number of headers; pipelined requests have a number. One
look at all connections every quarter of a second checks the times: a timer for each request would cost more.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.server import ServerState

from webhooks_ingest.http import head_of
from webhooks_ingest.http_connection import HttpConnection
from workers.observe import metrics

LOOK_INTERVAL_S = 0.25
KEEP_ALIVE_S = 75
"""Seconds that an answered connection may idle: more than reverse proxies keep theirs (60), or they would write into a
connection that is just being closed."""
_MOST_CONNECTIONS = 4000
_MOST_PIPELINED = 16
_WAITS, _HEAD, _BODY, _WORKS = range(4)
"""What a connection does: waits for a first byte, receives a head, receives a body, is being answered."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one request may cost."""

    max_head_bytes: int
    request_timeout_s: float
    max_headers: int = 100


class _RefusedError(Exception):
    """Stops the parser; what is answered stands in the protocol."""


class BoundedProtocol(HttpConnection):
    """One connection."""

    bounds = Bounds(32 * 1024, 5.0)

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._phase, self._since_s = _WAITS, self._loop.time()
        self._answered = False
        self._chunk = self._head_bytes = 0
        self._status = 400

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection too many takes the place of the one that has idled longest, or is closed itself."""
        super().connection_made(transport)
        connections = self._state.connections
        if len(connections) > _MOST_CONNECTIONS:
            idle = [one for one in connections if isinstance(one, BoundedProtocol) and one._phase == _WAITS]
            min(idle, key=lambda one: one._since_s, default=self).transport.close()

    def data_received(self, data: bytes) -> None:
        """Bytes came. What belongs to a head that is still incomplete counts towards its size."""
        self._chunk = len(data)
        if self._phase == _HEAD:
            self._head_bytes += self._chunk
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Nobody here speaks another protocol: the request is answered as it is, and what follows it is not read.
            if self._coming is not None:
                self._coming.keep_alive = False
        except httptools.HttpParserError:
            status, self._status = self._status, 400
            self._refuse(status)
        if self._phase == _HEAD and self._head_bytes > self.bounds.max_head_bytes:
            self._refuse(431)

    def on_message_begin(self) -> None:
        """The first byte of a request. Where one is still being answered, how much of the chunk is this head's is not known."""
        super().on_message_begin()
        self._head_bytes = self._chunk if self._phase == _WAITS else 0
        self._phase, self._since_s = _HEAD, self._loop.time()

    def on_headers_complete(self) -> None:
        """The head is whole: check it exactly, if it could be too large at all; then begin."""
        self._phase = _BODY
        limit = self.bounds.max_head_bytes
        if len(self._headers) > self.bounds.max_headers or (
            self._head_bytes + self._chunk > limit and self._exact_size() > limit
        ):
            self._status = 431
            raise _RefusedError
        if len(self._later) >= _MOST_PIPELINED:
            self._status = 400
            raise _RefusedError
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole; from here on the time is ours."""
        super().on_message_complete()
        self._phase = _WORKS
        if self._coming is not None and self._coming.answered:
            self._rest()

    def answered(self, *, keep_alive: bool) -> None:
        """An answer left: wait for the next request, or for the rest of a body that was refused before its end."""
        self._answered = True
        if self._phase == _WORKS and not self._later:
            self._rest()
        super().answered(keep_alive=keep_alive)

    def look(self, now_s: float) -> None:
        """Close what takes too long."""
        age_s = now_s - self._since_s
        if self._phase == _WAITS:
            if age_s > (KEEP_ALIVE_S if self._answered else self.bounds.request_timeout_s):
                self.transport.close()
        elif self._phase < _WORKS and age_s > self.bounds.request_timeout_s:
            self._refuse(408)

    def _rest(self) -> None:
        self._phase, self._since_s = _WAITS, self._loop.time()

    def _exact_size(self) -> int:
        return len(self._url) + sum(len(name) + len(value) + 4 for name, value in self._headers)

    def _may_answer(self, *, owed: bool) -> bool:
        """Whether the next answer on this connection is that of the request that is coming in."""
        if self._phase == _BODY and self._current is self._coming and self._current is not None:
            return owed and not self._current.started
        return not owed

    def _refuse(self, status: int) -> None:
        """Answer and close. With an answer still owed to an earlier request nothing is said, as it would be read as that."""
        if self.transport.is_closing():
            return
        metrics.received("http", str(status))
        owed = self._current is not None and not self._current.answered
        if self._may_answer(owed=owed):
            self.transport.write(head_of(status, [(b"content-length", b"0"), (b"connection", b"close")]))
        if owed and self._current is not None:
            self._current.leave()
        self.transport.close()


def bounded(bounds: Bounds) -> type[BoundedProtocol]:
    """The protocol with these bounds, as uvicorn's configuration takes it."""
    return type("BoundedProtocol", (BoundedProtocol,), {"bounds": bounds})


async def look_after(state: ServerState) -> None:
    """Check all connections' times, for ever."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOK_INTERVAL_S)
        now_s = loop.time()
        for connection in list(state.connections):
            if isinstance(connection, BoundedProtocol):
                connection.look(now_s)
