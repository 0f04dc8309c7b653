"""One request and its answer, between a connection and an ASGI application.

An answer has a length and leaves in one piece, head and body together; the door sends nothing else.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import structlog

from webhooks_ingest.http import OK_BYTES, OK_START, Message, RawHeaders, Receive, Scope, Send, head_of

log = structlog.get_logger(__name__)

_CLOSE = (b"connection", b"close")
_FAILED: RawHeaders = [(b"content-length", b"0"), (b"retry-after", b"30"), _CLOSE]


class Wires(Protocol):
    """The connection, as an exchange needs it."""

    transport: asyncio.Transport

    def answered(self, *, keep_alive: bool) -> None:
        """The answer left."""

    def resume(self) -> None:
        """Read on."""


class Application(Protocol):
    """An ASGI application."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""


class Exchange:
    """One request."""

    __slots__ = ("_body", "_connection", "_gone", "_scope", "_start", "_waiter", "_whole", "answered", "keep_alive", "started")

    def __init__(self, scope: Scope, connection: Wires, *, keep_alive: bool) -> None:
        self._scope, self._connection, self.keep_alive = scope, connection, keep_alive
        self._body = b""
        self._whole = self._gone = False
        self._waiter: asyncio.Future[None] | None = None
        self._start: Message | None = None
        self.started = self.answered = False

    async def run(self, app: Any) -> None:
        """Let the application answer; where it fails, the sender shall come again."""
        try:
            await app(self._scope, self._receive, self._send)
        except Exception:
            log.exception("request_failed", path=self._scope["path"], effect="answered 500; nothing is known to be stored")
        if not self.answered and not self._gone:
            self._answer(head_of(500, _FAILED), last=True)

    def take(self, part: bytes) -> int:
        """More of the body; how much waits to be taken."""
        if not self.answered:
            self._body = self._body + part if self._body else part
            self._wake()
        return len(self._body)

    def complete(self) -> None:
        """That was the whole body."""
        self._whole = True
        self._wake()

    def leave(self) -> None:
        """The client is gone."""
        self._gone = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _receive(self) -> Message:
        if not (self._body or self._whole or self._gone or self.answered):
            if any(name == b"expect" and value.lower() == b"100-continue" for name, value in self._scope["headers"]):
                self._connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._waiter = asyncio.get_running_loop().create_future()
            self._connection.resume()
            await self._waiter
            self._waiter = None
        if self._gone or self.answered:
            return {"type": "http.disconnect"}
        body, self._body = self._body, b""
        return {"type": "http.request", "body": body, "more_body": not self._whole}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if self.started:
                raise RuntimeError("a second answer to one request")
            self._start, self.started = message, True
            return
        start = self._start
        if start is None or self.answered or message.get("more_body"):
            raise RuntimeError("an answer is one start and one body")
        if start is OK_START and self.keep_alive:
            self._answer(OK_BYTES)
            return
        headers: RawHeaders = list(start["headers"])
        last = not self.keep_alive or _CLOSE in headers
        if last and _CLOSE not in headers:
            headers.append(_CLOSE)
        body = b"" if self._scope["method"] == "HEAD" else message.get("body", b"")
        self._answer(head_of(start["status"], headers) + body, last=last)

    def _answer(self, answer: bytes, *, last: bool = False) -> None:
        self.answered = True
        if not self._gone:
            self._connection.transport.write(answer)
            self._connection.answered(keep_alive=not last)
