"""The barest receiver that is durable: HMAC, the envelope by msgspec, natural group commit through one connection.

It has no limits, no time-outs, no second secret, no outcome per row, no hints, no metrics: it is the measure, not a
product. `hello` is the same server without all that: what uvicorn and the load itself can do at most.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec
import psycopg
import uvicorn
import uvloop

from core.clock import SystemClock

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
_END: Message = {"type": "http.response.body", "body": b""}
_MOST = 64
TABLE = """CREATE TABLE bench.bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id text NOT NULL UNIQUE,
           event_type text NOT NULL, object_id text, received_at timestamptz NOT NULL, body bytea NOT NULL)"""
UNCOMPRESSED = "ALTER TABLE bench.bare ALTER COLUMN body SET STORAGE EXTERNAL"
_INSERT = b"""INSERT INTO bench.bare (event_id, event_type, object_id, received_at, body)
              SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::timestamptz[], %b::bytea[])
              ON CONFLICT (event_id) DO NOTHING"""


class _Object(msgspec.Struct):
    id: str | None = None


class _Data(msgspec.Struct):
    object: _Object


class _Event(msgspec.Struct):
    id: str
    type: str
    data: _Data


_DECODER = msgspec.json.Decoder(_Event)


async def body_of(receive: Receive) -> bytes:
    """The whole body."""
    parts = []
    while True:
        message = await receive()
        parts.append(message["body"])
        if not message.get("more_body"):
            return b"".join(parts)


async def hello(_: Message, receive: Receive, send: Send) -> None:
    """Read and answer."""
    await body_of(receive)
    await send(_START)
    await send(_END)


class Prototype:
    """Verify, read, store, answer."""

    def __init__(self, secret: str, url: str) -> None:
        self._key, self._url = secret.encode(), url
        self._clock = SystemClock()
        self._waiting: list[tuple[tuple[str, str, str | None, datetime, bytes], asyncio.Future[None]]] = []
        self._wake = asyncio.Event()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request."""
        body = await body_of(receive)
        signature = dict(scope["headers"])[b"stripe-signature"]
        stamp, proof = (part[part.index(b"=") + 1 :] for part in signature.split(b","))
        digest = hmac.digest(self._key, stamp + b"." + body, hashlib.sha256).hex()
        now = self._clock.now()
        if not hmac.compare_digest(digest.encode(), proof) or abs(now.timestamp() - int(stamp)) > 180:
            raise PermissionError("forged")
        event = _DECODER.decode(body)
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(((event.id, event.type, event.data.object.id, now, body), stored))
        self._wake.set()
        await stored
        await send(_START)
        await send(_END)

    async def write(self) -> None:
        """What waits is written together; nothing is held back."""
        connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True, prepare_threshold=0)
        while True:
            await self._wake.wait()
            batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            if not self._waiting:
                self._wake.clear()
            rows = sorted(row for row, _ in batch)
            await connection.execute(_INSERT, [list(column) for column in zip(*rows, strict=True)])
            for _, stored in batch:
                stored.set_result(None)


async def serve(kind: str, port: int) -> None:
    """Answer until killed; uvicorn as the product configures it."""
    prototype = Prototype(os.environ["BENCH_SECRET"], os.environ["BENCH_DATABASE"])
    app = hello if kind == "hello" else prototype
    writing = asyncio.create_task(prototype.write())
    config = uvicorn.Config(
        app,
        port=port, http="httptools", loop="none", lifespan="off", log_config=None, access_log=False,
        server_header=False, date_header=False, proxy_headers=False,
    )
    await uvicorn.Server(config).serve()
    writing.cancel()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2])))
