"""A threaded HTTP/1.1 server for stand-ins: it starts in milliseconds, inside a test or as a process, and can break its promises.

Threads and plain sockets, because a stand-in must be able to lose a reply after the work was done, which ASGI servers hide.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from providers.sandbox.http.exchange import App, Reply, Request, json_reply

_POLL_S = 0.02
_DRIPS = 10
_RESET = struct.pack("ii", 1, 0)


class Server:
    """One stand-in that listens. Use `start` and `stop`, or `serve` in a process of its own."""

    def __init__(self, app: App, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = _Threads((host, port), app)
        self._thread: threading.Thread | None = None

    @property
    def base(self) -> str:
        """The address that a client is given."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def start(self) -> Server:
        """Serve from a thread of this process."""
        self._thread = threading.Thread(target=self.serve, name=f"sandbox {self.port}", daemon=True)
        self._thread.start()
        return self

    def serve(self) -> None:
        """Serve until `stop` is called from another thread."""
        self._server.serve_forever(_POLL_S)

    def stop(self) -> None:
        """No longer listen; open connections are cut."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.cut_all()


class _Threads(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], app: App) -> None:
        self.app = app
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def cut_all(self) -> None:
        """Cut the connections that clients keep open."""
        with self._guard:
            kept = list(self._open)
        for connection in kept:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no news; what our own code raises is answered as a 500."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Threads

    def handle_one_request(self) -> None:
        """As inherited, but for every method alike."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline:
            self.close_connection = True
            return
        if not self.parse_request():
            return
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        try:
            reply = self.server.app(request)
        except Exception as error:  # noqa: BLE001 - shown to the caller, who is a test or a developer
            reply = json_reply(500, {"error": {"type": "api_error", "message": f"the sandbox broke: {error!r}"}})
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        if reply.ending != "whole":
            self.close_connection = True
            if reply.ending == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                self.connection.close()
            else:
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if reply.drip_s:
            self._drip(reply)
        else:
            self.wfile.write(reply.body)
        self.wfile.flush()

    def _drip(self, reply: Reply) -> None:
        size = max(1, len(reply.body) // _DRIPS)
        for start in range(0, len(reply.body), size):
            self.wfile.write(reply.body[start : start + size])
            self.wfile.flush()
            time.sleep(reply.drip_s / _DRIPS)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the inherited name
        """Nothing: the control API shows what was called."""
