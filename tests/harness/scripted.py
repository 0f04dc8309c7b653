"""A provider that answers what a test has written down, reply by reply: also with silence, a cut line or an old error."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl

CUT = "cut"
"""A reply that never comes: the connection is reset after the request was read."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    key: str | None
    account: str | None
    body: dict[str, str]


@dataclass
class Scripted:
    """`replies` are given in order, the last one for ever: (status, object, headers) or CUT."""

    base: str
    replies: list[Any] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def next_reply(self) -> Any:
        """What comes now."""
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    script: Scripted


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        script = cast("_Server", self.server).script
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length).decode()
        heads = self.headers
        body = dict(parse_qsl(text))
        script.asked.append(Asked(self.command, self.path, heads.get("Idempotency-Key"), heads.get("Stripe-Account"), body))
        reply = script.next_reply()
        if reply == CUT:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        status, found, headers = reply
        sent = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = _answer  # noqa: N815 - the names that the server looks for

    def log_message(self, *_: object) -> None:
        """Nothing: the test looks at `asked`."""


@contextmanager
def scripted() -> Iterator[Scripted]:
    """A server for one test."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.script = Scripted(f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.script
        server.shutdown()
