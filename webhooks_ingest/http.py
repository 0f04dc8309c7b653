"""The little HTTP that the door speaks: types of plain ASGI, answers, and a body read within bounds.

Plain ASGI instead of a framework: routing, request objects and middleware would cost more than verifying and storing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
RawHeaders = list[tuple[bytes, bytes]]

RETRY_AFTER_S = 30
_JSON = b"application/json"


class Answer(Exception):  # noqa: N818 - an answer that ends the request early, not always for a fault
    """End the request with this answer."""

    def __init__(self, status: int, text: str = "", *headers: tuple[bytes, bytes], reason: str = "") -> None:
        super().__init__(status, text)
        self.status, self.body, self.headers = status, text.encode(), headers
        self.reason = reason or str(status)


class GoneError(Exception):
    """The client left before its request was complete."""


OK_START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
_OK_BODY: Message = {"type": "http.response.body", "body": b""}
_STATUS_LINES = {one.value: f"HTTP/1.1 {one.value} {one.phrase}\r\n".encode() for one in HTTPStatus}


def head_of(status: int, headers: RawHeaders) -> bytes:
    """An answer's head as it goes over the wire.

    Raises:
        ValueError: a header has a line break, by which it would smuggle another one in.
    """
    lines = b"".join([b"%b: %b\r\n" % header for header in headers])
    if lines.count(b"\n") != len(headers) or lines.count(b"\r") != len(headers):
        raise ValueError("a header of an answer has a line break")
    return _STATUS_LINES[status] + lines + b"\r\n"


OK_BYTES = head_of(200, OK_START["headers"])
"""The plain 200, which nearly all get: whoever knows `OK_START` need not put it together each time."""


async def send_ok(send: Send) -> None:
    """200 without a body."""
    await send(OK_START)
    await send(_OK_BODY)


async def send_answer(send: Send, answer: Answer, *, content_type: bytes = b"text/plain; charset=utf-8") -> None:
    """Any other answer."""
    headers: RawHeaders = [(b"content-length", str(len(answer.body)).encode()), *answer.headers]
    if answer.body:
        headers.append((b"content-type", content_type))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def retry_later(status: int, text: str, reason: str) -> Answer:
    """An answer after which the sender shall come again."""
    return Answer(status, text, (b"retry-after", str(RETRY_AFTER_S).encode()), reason=reason)


def check_framing(headers: dict[bytes, bytes], raw: RawHeaders, proof_header: bytes, max_body_bytes: int) -> None:
    """Refuse what no provider sends, before a byte of the body is read.

    Raises:
        Answer: 400, 413 or 415.
    """
    if b"transfer-encoding" in headers and b"content-length" in headers:
        raise Answer(400, "both Content-Length and Transfer-Encoding", reason="ambiguous_length")
    if len(headers) != len(raw) and sum(name == proof_header for name, _ in raw) > 1:
        raise Answer(400, "", reason="signature_header_twice")
    if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise Answer(415, "the body must not be compressed", reason="content_encoding")
    content_type = headers.get(b"content-type", b"")
    if content_type != _JSON and content_type.partition(b";")[0].strip().lower() != _JSON:
        raise Answer(415, "the content type must be application/json", reason="content_type")
    length = headers.get(b"content-length")
    if length is not None and (not length.isdigit() or int(length[:20]) > max_body_bytes):
        raise _too_large(max_body_bytes) if length.isdigit() else Answer(400, "", reason="content_length")


async def read_body(receive: Receive, *, max_bytes: int, timeout_s: float | None) -> bytes:
    """The whole body, as bytes. `timeout_s` None: the server bounds the time, and more cheaply (bounded_http.py).

    Raises:
        Answer: 413 as soon as it is too large, 408 when it is not complete in time.
        GoneError: the client left.
    """
    if timeout_s is None:
        return await _read(receive, max_bytes)
    try:
        async with asyncio.timeout(timeout_s):
            return await _read(receive, max_bytes)
    except TimeoutError:
        raise Answer(408, "the body took too long", (b"connection", b"close"), reason="body_timeout") from None


async def _read(receive: Receive, max_bytes: int) -> bytes:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise GoneError
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts, size = [body], len(body)
        while message.get("more_body"):
            if size > max_bytes:
                raise _too_large(max_bytes)
            message = await receive()
            if message["type"] == "http.disconnect":
                raise GoneError
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        body = b"".join(parts)
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    return body


def _too_large(max_bytes: int) -> Answer:
    return Answer(413, f"the body is larger than {max_bytes} bytes", reason="too_large")
