"""An open loop: each request has its own time, whether earlier ones were answered or not, in a process of its own.

Latency counts from the time at which a request was due, so a server that stalls is charged for all who had to wait
(no coordinated omission). The loop waits by `select`, whose time-outs are exact to microseconds; event loops round theirs
to milliseconds, which would be all there is to see here. How late the generator itself sent is part of its answer.
"""

from __future__ import annotations

import gc
import json
import resource
import select
import socket
import sys
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.events import Made, events
from core.clock import SystemClock, monotonic_s
from providers.sandbox.sign import stripe_headers

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Plan:
    """What to post. `per_s` 0: as fast as answers come (a closed loop)."""

    port: int
    secret: str
    count: int
    per_s: float
    connections: int
    customers: int
    first: int = 0
    event_type: str = "payment_intent.succeeded"
    path: str = "/webhooks/stripe"


@dataclass
class Said:
    """What happened: per event its latency in ms, how late it was sent, and when it was answered (unix seconds)."""

    latencies_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    answered: dict[str, float] = field(default_factory=dict)
    others: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0
    own_us: float = 0.0


def request_of(one: Made, secret: str, path: str) -> bytes:
    """One event as the bytes of a request, signed now."""
    at = SystemClock().now()
    headers = {"Host": "localhost", "User-Agent": "Stripe/1.0", "Accept": "*/*"} | stripe_headers(secret, one.body, at)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{lines}Content-Length: {len(one.body)}\r\n\r\n".encode() + one.body


class _Loop:
    """Some blocking connections, of which each has one request under way at most."""

    def __init__(self, plan: Plan, made: list[tuple[str, bytes]]) -> None:
        self._todo = deque(
            (number / plan.per_s if plan.per_s else 0.0, event_id, request) for number, (event_id, request) in enumerate(made)
        )
        self._plan = plan
        # In turns, so that none idles: the receiver closes a connection that says nothing for 5 s.
        self._free: deque[socket.socket] = deque()
        self._busy: dict[socket.socket, tuple[float, str]] = {}
        self._parts: dict[socket.socket, bytes] = {}
        self._clock = SystemClock()
        self._closed = not plan.per_s
        self.said = Said()

    def run(self) -> None:
        """Until everything is answered."""
        for _ in range(self._plan.connections):
            self._free.append(socket.create_connection((HOST, self._plan.port), timeout=60))
            self._free[-1].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began_s = monotonic_s()
        while self._todo or self._busy:
            now_s = monotonic_s() - began_s
            while self._todo and self._free and self._todo[0][0] <= now_s:
                self._send(now_s)
                now_s = monotonic_s() - began_s
            wait_s = max(0.0, self._todo[0][0] - now_s) if self._todo and self._free else 60.0
            for one in select.select(list(self._busy), [], [], wait_s)[0]:
                self._receive(one, monotonic_s() - began_s)
        self.said.seconds = monotonic_s() - began_s

    def _send(self, now_s: float) -> None:
        due_s, event_id, request = self._todo.popleft()
        one = self._free.popleft()
        one.sendall(request)
        if self._closed:
            due_s = now_s
        self.said.late_ms.append((now_s - due_s) * 1000)
        self._busy[one] = (due_s, event_id)

    def _receive(self, one: socket.socket, now_s: float) -> None:
        data = self._parts.pop(one, b"") + one.recv(65536)
        if not data:
            raise ConnectionError("the server closed a connection in the middle")
        head = data.find(b"\r\n\r\n")
        at = data.lower().find(b"content-length:", 0, head) if head >= 0 else -1
        length = int(data[at + 15 : data.index(b"\r\n", at)]) if at >= 0 else 0
        if head < 0 or len(data) < head + 4 + length:
            self._parts[one] = data
            return
        due_s, event_id = self._busy.pop(one)
        self._free.append(one)
        status = int(data[9:12])
        if status == 200:
            self.said.latencies_ms.append((now_s - due_s) * 1000)
            self.said.answered[event_id] = self._clock.now().timestamp()
        else:
            self.said.others[status] = self.said.others.get(status, 0) + 1


def main(plan: Plan, out: Path) -> None:
    """Make everything, say so, wait for a line, post, write what happened to a file."""
    wanted = events(
        plan.event_type, plan.count, SystemClock().now(), first=plan.first, per_customer=max(1, plan.count // plan.customers)
    )
    loop = _Loop(plan, [(one.event_id, request_of(one, plan.secret, plan.path)) for one in wanted])
    gc.freeze()
    gc.disable()
    print("ready", flush=True)
    sys.stdin.readline()
    before = resource.getrusage(resource.RUSAGE_SELF)
    loop.run()
    after = resource.getrusage(resource.RUSAGE_SELF)
    loop.said.own_us = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e6 / plan.count
    partial = out.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(loop.said)), encoding="ascii")
    partial.replace(out)


if __name__ == "__main__":
    main(Plan(**json.loads(sys.argv[1])), Path(sys.argv[2]))
