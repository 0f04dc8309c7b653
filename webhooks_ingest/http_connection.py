"""An HTTP/1.1 connection: httptools parses, exchanges answer one after the other, and what nobody takes is not read on.

It bounds nothing but what it buffers; bounded_http.py does the rest.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import lru_cache
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.server import ServerState

from webhooks_ingest.exchange import Exchange
from webhooks_ingest.http import Scope

_MOST_BUFFERED = 64 * 1024


@lru_cache(maxsize=256)
def _parts(url: bytes) -> tuple[str, bytes, bytes]:
    """(path, raw path, query) of a request's target."""
    told = httptools.parse_url(url)
    return told.path.decode("ascii"), told.path, told.query or b""


class HttpConnection(asyncio.Protocol):
    """One connection, as uvicorn's server makes it."""

    transport: asyncio.Transport

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # noqa: ARG002 - uvicorn's signature
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._app, self._state = config.loaded_app, server_state
        self._loop = _loop or asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._client: tuple[str, int] | None = None
        self._url, self._headers = b"", list[tuple[bytes, bytes]]()
        self._coming: Exchange | None = None
        self._current: Exchange | None = None
        self._later: deque[Exchange] = deque()
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self.transport = transport  # type: ignore[assignment]  # TCP: it is one
        peer = transport.get_extra_info("peername")
        self._client = (str(peer[0]), int(peer[1])) if peer else None
        self._state.connections.add(self)  # type: ignore[arg-type]  # uvicorn's set of its own protocols

    def connection_lost(self, _exc: Exception | None) -> None:
        """Whoever still works on a request learns that nobody waits for the answer."""
        self._state.connections.discard(self)
        for exchange in (self._current, self._coming, *self._later):
            if exchange is not None:
                exchange.leave()
        self._later.clear()

    def shutdown(self) -> None:
        """The server stops: close, or answer first."""
        if self._current is None or self._current.answered:
            self.transport.close()
        else:
            self._current.keep_alive = False

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._url, self._headers = b"", []

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The head is whole: begin, or stand in line behind the request before."""
        version = self._parser.get_http_version()
        self._coming = exchange = Exchange(
            self._scope(version), self, keep_alive=version == "1.1" and self._parser.should_keep_alive()
        )
        if self._current is None or self._current.answered:
            self._start(exchange)
        else:
            self._pause()
            self._later.append(exchange)

    def on_body(self, body: bytes) -> None:
        """A part of the body. What nobody takes fast enough is not read on."""
        if self._coming is not None and self._coming.take(body) > _MOST_BUFFERED:
            self._pause()

    def on_message_complete(self) -> None:
        """The body is whole."""
        if self._coming is not None:
            self._coming.complete()

    def answered(self, *, keep_alive: bool) -> None:
        """An answer left."""
        self._state.total_requests += 1
        if not keep_alive:
            self.transport.close()
        if not self.transport.is_closing():
            if self._later:
                self._start(self._later.popleft())
            self.resume()

    def resume(self) -> None:
        """Read on."""
        if self._paused:
            self._paused = False
            self.transport.resume_reading()

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def _scope(self, version: str) -> Scope:
        path, raw_path, query = _parts(self._url)
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": version,
            "method": self._parser.get_method().decode("ascii"),
            "scheme": "http",
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": self._headers,
            "client": self._client,
            "server": None,
        }

    def _start(self, exchange: Exchange) -> None:
        self._current = exchange
        task = self._loop.create_task(exchange.run(self._app))
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)
