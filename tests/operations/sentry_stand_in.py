"""A stand-in for Sentry: a real HTTP server that keeps every byte it is sent."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class SentryStandIn:
    """Listens on the loopback; `dsn` names it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.bodies))
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def dsn(self) -> str:
        """What to set as BURSAR_SENTRY_DSN."""
        return f"http://0123456789abcdef0123456789abcdef@127.0.0.1:{self._server.server_port}/1"

    def events(self) -> list[dict[str, Any]]:
        """The error events among what was sent."""
        return [event for body in self.bodies for event in _events(body)]

    def text(self) -> str:
        """All that was sent, as it is."""
        return "\n".join(body.decode() for body in self.bodies)

    def close(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _events(envelope: bytes) -> list[dict[str, Any]]:
    lines = envelope.split(b"\n")
    heads = [(json.loads(line), index) for index, line in enumerate(lines[1:], 1) if line.startswith(b'{"type"')]
    return [json.loads(lines[index + 1]) for head, index in heads if head["type"] == "event"]


def _handler(bodies: list[bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    return Handler
