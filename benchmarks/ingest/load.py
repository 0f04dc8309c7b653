"""The load: distinct, pre-signed Stripe events over keep-alive connections, in a process of its own.

Each connection posts the next event as soon as the answer to its last one is there. What is sent was made before the
clock starts, answers are only searched for their end, so this costs a fraction of what any server does per request
(the run against `hello` shows how much faster it could go).
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time

import uvloop

from benchmarks.events import events
from core.clock import SystemClock
from providers.sandbox.sign import stripe_headers

_TYPE = "payment_intent.succeeded"
_FAR = 10**15


class _Connection(asyncio.Protocol):
    """One keep-alive connection; takes its requests from the shared list."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._buffer = b""
        self._sent_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The first request goes out at once."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # TCP: it is one
        self._next()

    def data_received(self, data: bytes) -> None:
        """An answer ends with its head, or with the body that its head announces."""
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._buffer.lower().find(b"content-length:", 0, head)
        length = int(self._buffer[at + 15 : self._buffer.index(b"\r\n", at)]) if at >= 0 else 0
        if len(self._buffer) < head + 4 + length:
            return
        self._run.latencies_s.append(time.perf_counter() - self._sent_s)
        status = int(self._buffer[9:12])
        self._run.statuses[status] = self._run.statuses.get(status, 0) + 1
        self._buffer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """The server hung up: the run is worth nothing, unless it is over."""
        self._run.left(self, broken=not self._run.empty or exc is not None)

    def _next(self) -> None:
        if self._run.empty:
            self._run.left(self, broken=False)
            self._transport.abort()
            return
        self._sent_s = time.perf_counter()
        self._transport.write(self._run.requests.pop())


class _Run:
    """One volley."""

    def __init__(self, requests: list[bytes]) -> None:
        self.requests = requests
        self.latencies_s: list[float] = []
        self.statuses: dict[int, int] = {}
        self._open: set[_Connection] = set()
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def empty(self) -> bool:
        """Whether everything was sent."""
        return not self.requests

    def left(self, connection: _Connection, *, broken: bool) -> None:
        """A connection has nothing more to do."""
        self._open.discard(connection)
        if self._over.done():
            return
        if broken:
            self._over.set_exception(ConnectionError("the server closed a connection in the middle"))
        elif not self._open:
            self._over.set_result(None)

    async def fire(self, port: int, connections: int) -> float:
        """Send everything; the seconds that it took."""
        loop = asyncio.get_running_loop()
        made = [_Connection(self) for _ in range(connections)]
        self._open = set(made)
        began_s = time.perf_counter()
        for one in made:
            await loop.create_connection(lambda one=one: one, "127.0.0.1", port)  # type: ignore[misc]  # bound now
        await self._over
        return time.perf_counter() - began_s


def signed(secret: str, count: int, first: int) -> list[bytes]:
    """That many requests, ready to be sent."""
    at = SystemClock().now()
    requests = []
    for one in events(_TYPE, count, at, first=first):
        headers = {"Host": "localhost", "User-Agent": "Stripe/1.0", "Accept": "*/*"} | stripe_headers(secret, one.body, at)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST /webhooks/stripe HTTP/1.1\r\n{lines}Content-Length: {len(one.body)}\r\n\r\n"
        requests.append(head.encode() + one.body)
    return requests


async def main(port: int, count: int, connections: int, secret: str) -> None:
    """Warm up, wait for a line, fire, say what happened as one JSON line."""
    warm, volley = signed(secret, max(200, count // 10), _FAR), signed(secret, count, 0)
    warmed = _Run(warm)
    await warmed.fire(port, connections)
    print(json.dumps({"warmed": warmed.statuses.get(200, 0)}), flush=True)
    sys.stdin.readline()
    run = _Run(volley)
    before = resource.getrusage(resource.RUSAGE_SELF)
    seconds = await run.fire(port, connections)
    after = resource.getrusage(resource.RUSAGE_SELF)
    ordered = sorted(run.latencies_s)
    said = {
        "per_s": count / seconds,
        "p50_ms": ordered[len(ordered) // 2] * 1000,
        "p99_ms": ordered[int(len(ordered) * 0.99)] * 1000,
        "stored": run.statuses.get(200, 0),
        "others": sum(run.statuses.values()) - run.statuses.get(200, 0),
        "own_us": (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e6 / count,
    }
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
