"""The door's HTTP between a socket and an ASGI application, with small applications that do what the door never does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from webhooks_ingest.bounded_http import Bounds, bounded
from webhooks_ingest.http import OK_START, Receive, Scope, Send, head_of, send_ok

App = Callable[[Scope, Receive, Send], Awaitable[None]]


@asynccontextmanager
async def _serving(app: App) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, uvicorn.Server]]:
    protocol = bounded(Bounds(32 * 1024, 60.0))
    config = uvicorn.Config(app, http=protocol, lifespan="off", log_config=None, access_log=False, ws="none")
    config.load()
    server = uvicorn.Server(config)
    listener = await asyncio.get_running_loop().create_server(lambda: protocol(config, server.server_state, {}), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname()[:2])
    try:
        yield reader, writer, server
    finally:
        writer.close()
        listener.close()


def _said(app: App, *parts: bytes, until_end: bool = True, size: int = 0) -> bytes:
    """What comes back for these bytes: all until the server closes, or that many."""

    async def ask() -> bytes:
        async with _serving(app) as (reader, writer, _):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.01)
            return await (reader.read() if until_end else reader.readexactly(size))

    return asyncio.run(asyncio.wait_for(ask(), 60))


async def _body_of(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        parts.append(message["body"])
        if not message["more_body"]:
            return b"".join(parts)


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await _body_of(receive)
    answer = f"{scope['method']} {scope['path']} {scope['query_string'].decode()} {len(body)}".encode()
    headers = [(b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def test_requests_on_one_connection_are_answered_in_their_order() -> None:
    requests = b"".join(b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (one, one, b"x" * one) for one in range(9))
    said = _said(_echo, requests + LAST)
    answers = [part.partition(b"\r\n\r\n")[2] for part in said.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert answers == [b"POST /%d  %d" % (one, one) for one in range(9)] + [b"GET /last  0"]


def test_a_body_in_pieces_and_in_chunks_is_whole() -> None:
    head = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    said = _said(_echo, head[:20], head[20:], b"5\r\nhello\r\n", b"3\r\nyou\r\n", b"0\r\n\r\n" + LAST)
    assert b"POST /a b=c 8" in said


def test_a_body_that_nobody_takes_is_not_read_on() -> None:
    async def ask() -> None:
        hold, seen = asyncio.Event(), asyncio.Queue[int]()

        async def slow(_: Scope, receive: Receive, send: Send) -> None:
            await hold.wait()
            seen.put_nowait(len(await _body_of(receive)))
            await send_ok(send)

        async with _serving(slow) as (reader, writer, server):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000)
            connection: Any = None
            while connection is None or not connection._paused:
                await asyncio.sleep(0.01)
                connection = next(iter(server.server_state.connections), None)
            assert connection._coming.take(b"") < 1_000_000
            hold.set()
            assert await seen.get() == 3_000_000
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"

    asyncio.run(asyncio.wait_for(ask(), 60))


def test_an_announced_body_is_asked_for() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
    said = _said(_echo, head, b"ab")
    assert said.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert said.endswith(b"POST /  2")


def test_a_head_request_gets_no_body() -> None:
    said = _said(_echo, b"HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert said.endswith(b"\r\n\r\n")
    assert b"content-length: 10\r\n" in said


async def _fails(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise LookupError("no answer")


async def _silent(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Says nothing."""


async def _smuggles(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"a\r\nset-cookie: b")]})
    await send({"type": "http.response.body", "body": b""})


async def _twice(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send(OK_START)
    await send(OK_START)


@pytest.mark.parametrize("app", [_fails, _silent, _smuggles, _twice])
def test_an_application_that_gives_no_proper_answer_is_a_500_and_the_end(app: App) -> None:
    said = _said(app, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 500 ")
    assert b"retry-after: 30" in said
    assert b"cookie" not in said


def test_a_plain_200_may_be_the_last() -> None:
    async def fine(_scope: Scope, receive: Receive, send: Send) -> None:
        await _body_of(receive)
        await send_ok(send)

    assert _said(fine, LAST) == b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    assert _said(fine, LAST.replace(b"HTTP/1.1", b"HTTP/1.0")).endswith(b"connection: close\r\n\r\n")


def test_an_application_learns_that_the_client_left() -> None:
    async def ask() -> None:
        heard = asyncio.Queue[str]()

        async def listens(_scope: Scope, receive: Receive, _send: Send) -> None:
            while True:
                message = await receive()
                heard.put_nowait(message["type"])
                if message["type"] == "http.disconnect":
                    return

        async with _serving(listens) as (_, writer, server):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
            assert await heard.get() == "http.request"
            writer.close()
            assert await heard.get() == "http.disconnect"
            assert not server.server_state.connections

    asyncio.run(asyncio.wait_for(ask(), 60))


def test_a_server_that_stops_answers_first() -> None:
    async def ask() -> bytes:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow(_scope: Scope, receive: Receive, send: Send) -> None:
            await _body_of(receive)
            begun.set()
            await go_on.wait()
            await send_ok(send)

        async with _serving(slow) as (reader, writer, server):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            await begun.wait()
            for connection in list(server.server_state.connections):
                connection.shutdown()
            go_on.set()
            return await reader.read()

    assert asyncio.run(asyncio.wait_for(ask(), 60)).endswith(b"connection: close\r\n\r\n")


def test_a_head_is_put_together_as_it_is_given() -> None:
    assert head_of(404, [(b"a", b"b")]) == b"HTTP/1.1 404 Not Found\r\na: b\r\n\r\n"
    with pytest.raises(ValueError, match="line break"):
        head_of(200, [(b"a", b"b\nc")])
