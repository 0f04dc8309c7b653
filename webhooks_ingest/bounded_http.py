"""uvicorn's HTTP protocol with the bounds that it lacks (RELIABILITY 3.2): size and time of the head, idle connections.

uvicorn keeps half a head open for ever and takes heads of any size. Here a request, head and body together, has
`request_timeout_s` from its first byte; a fresh connection has as long for that first byte; a head has a size and a number
of headers; pipelined requests have a number. One look at all connections every quarter of a second checks the times: a
timer for each request would cost more.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from uvicorn._types import ASGI3Application, ASGIReceiveEvent, ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from webhooks_ingest.http import OK_BYTES, OK_BYTES_LAST, OK_START
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


class _Exchange(RequestResponseCycle):
    """uvicorn's request and answer, with a short way for the one answer that nearly all get: a plain 200."""

    _short = False

    async def send(self, message: ASGISendEvent) -> None:
        """As ASGI says; the plain 200 leaves in one piece."""
        if message is OK_START and not self.response_started:
            self._short = self.response_started = True
            self.waiting_for_100_continue = False
        elif not self._short:
            await super().send(message)
        elif not self.disconnected and not self.response_complete:
            self.response_complete = True
            self.transport.write(OK_BYTES if self.keep_alive else OK_BYTES_LAST)
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()

    async def receive(self) -> ASGIReceiveEvent:
        """As ASGI says; a body that is there already is not waited for."""
        if self.more_body or self.waiting_for_100_continue or self.disconnected or self.response_complete:
            return await super().receive()
        body, self.body = bytes(self.body), bytearray()
        self.message_event.clear()
        return {"type": "http.request", "body": body, "more_body": False}


class BoundedProtocol(HttpToolsProtocol):
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
        self._phase = _WAITS
        self._since_s = self.loop.time()
        self._answered = False
        self._chunk = 0
        self._head_bytes = 0
        self._status = 400

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection too many takes the place of the one that has idled longest, or is closed itself."""
        super().connection_made(transport)
        if len(self.connections) > _MOST_CONNECTIONS:
            idle = [one for one in self.connections if isinstance(one, BoundedProtocol) and one._phase == _WAITS]
            min(idle, key=lambda one: one._since_s, default=self).transport.close()

    def data_received(self, data: bytes) -> None:
        """Bytes came. What belongs to a head that is still incomplete counts towards its size."""
        self._chunk = len(data)
        if self._phase == _HEAD:
            self._head_bytes += self._chunk
        super().data_received(data)
        if self._phase == _HEAD and self._head_bytes > self.bounds.max_head_bytes:
            self._refuse(431)

    def on_message_begin(self) -> None:
        """The first byte of a request. Where one is still being answered, how much of the chunk is this head's is not known."""
        super().on_message_begin()
        self._head_bytes = self._chunk if self._phase == _WAITS else 0
        self._phase, self._since_s = _HEAD, self.loop.time()

    def on_headers_complete(self) -> None:
        """The head is whole: check it exactly, if it could be too large at all."""
        self._phase = _BODY
        limit = self.bounds.max_head_bytes
        if len(self.headers) > self.bounds.max_headers or (
            self._head_bytes + self._chunk > limit and self._exact_size() > limit
        ):
            self._status = 431
            raise _RefusedError
        if len(self.pipeline) >= _MOST_PIPELINED:
            self._status = 400
            raise _RefusedError
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole; from here on the time is ours."""
        super().on_message_complete()
        self._phase = _WORKS
        if self.cycle.response_complete:
            self._rest()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        cycle.__class__ = _Exchange
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Answered: wait for the next request, or for the rest of a body that was refused before its end.

        uvicorn would start a timer here for each answer; `look` sees to connections that idle.
        """
        self.server_state.total_requests += 1
        self._answered = True
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if self._phase == _WORKS and not self.pipeline:
            self._rest()

    def send_400_response(self, msg: str) -> None:
        """The parser gave up. With an answer still owed to an earlier request nothing is said, as it would be read as that."""
        status, self._status = self._status, 400
        self._refuse(status, msg)

    def look(self, now_s: float) -> None:
        """Close what takes too long."""
        age_s = now_s - self._since_s
        if self._phase == _WAITS:
            if age_s > (KEEP_ALIVE_S if self._answered else self.bounds.request_timeout_s):
                self.transport.close()
        elif self._phase < _WORKS and age_s > self.bounds.request_timeout_s:
            self._refuse(408)

    def _rest(self) -> None:
        self._phase, self._since_s = _WAITS, self.loop.time()

    def _exact_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _may_answer(self, *, owed: bool) -> bool:
        """Whether the next answer on this connection is that of the request that is coming in."""
        if self._phase == _BODY and self.cycle is not None and self.cycle.scope is self.scope:
            return owed and not self.cycle.response_started and not self.pipeline
        return not owed

    def _refuse(self, status: int, text: str = "") -> None:
        if self.transport.is_closing():
            return
        metrics.received("http", str(status))
        owed = self.cycle is not None and not self.cycle.response_complete
        if self._may_answer(owed=owed):
            body = text.encode("ascii", "replace")
            self.transport.write(
                b"%scontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
                % (STATUS_LINE[status], len(body), body)
            )
        if owed:
            # The application learns that nobody waits for its answer any more.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
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
