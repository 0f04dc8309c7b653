"""PayPal's token and look-up ends as a real HTTP server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class StandIn(ThreadingHTTPServer):
    """PayPal's token and capture ends; `answers`: the statuses of the next look-ups, else 200."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int] = []
        self.tokens = 0
        self.seen: list[str] = []
        self.resource: dict[str, Any] = {"id": "CAP1", "status": "COMPLETED"}

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.tokens += 1
        self._answer(200, {"access_token": f"token-{self.server.tokens}", "expires_in": 32400})

    def do_GET(self) -> None:
        self.server.seen.append(f"{self.path} {self.headers['Authorization']}")
        self._answer(self.server.answers.pop(0) if self.server.answers else 200, self.server.resource)

    def _answer(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Silent."""


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """A running one."""
    with StandIn() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()
