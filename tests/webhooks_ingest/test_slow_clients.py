"""Slow, idle and oversized clients are closed in time and cost their neighbours nothing (RELIABILITY row 26)."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.clock import monotonic_s
from tests.harness.cluster import Database
from tests.harness.processes import Processes
from tests.webhooks_ingest.door import Door, encoded, open_door, read_reply, status_of, stripe_event

TIMEOUT_S = 2.0
HEAD = b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
LINE = b"X-Filler: " + b"a" * 1000 + b"\r\n"


@pytest.fixture
def quick_door(database: Database, processes: Processes) -> Door:
    return open_door(processes, database, body_timeout_s=TIMEOUT_S)


def _silent(_: socket.socket) -> None:
    """Sends nothing at all."""


def _half_head(connection: socket.socket) -> None:
    connection.sendall(HEAD)


def _no_body(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n")


def _dripping(first: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    def drip(connection: socket.socket) -> None:
        connection.sendall(first)
        with contextlib.suppress(OSError):  # closed by the receiver, which is what we are after
            for _ in range(400):
                connection.sendall(drop)
                time.sleep(0.05)

    return drip


SLOW: dict[str, tuple[Callable[[socket.socket], None], set[int | None]]] = {
    "idle from the start": (_silent, {None}),
    "empty lines only": (_dripping(b"", b"\r\n"), {None, 400}),
    "half a head": (_half_head, {408}),
    "head by bytes": (_dripping(b"POST /webhooks/stripe HTTP/1.1\r\nX: ", b"a"), {408}),
    "headers one by one": (_dripping(HEAD, b"X-One: more\r\n"), {408}),
    "no body": (_no_body, {408}),
    "body by bytes": (_dripping(HEAD + b"Content-Length: 1000\r\n\r\n", b"x"), {408}),
    "chunks by bytes": (_dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), {408}),
    "body after the refusal": (_dripping(HEAD.replace(b"json", b"xml") + b"Content-Length: 1000\r\n\r\n", b"x"), {415}),
}


@pytest.mark.requirement("INBOX-1")
def test_slow_clients_are_closed_while_others_are_served(quick_door: Door) -> None:
    def suffer(name: str) -> tuple[str, int | None, float]:
        behave, _ = SLOW[name]
        began_s = monotonic_s()
        with quick_door.connect() as connection:
            behave(connection)
            said = b""
            with contextlib.suppress(ConnectionError):  # a reset ends it as well
                while part := connection.recv(65536):
                    said += part
        return name, status_of(said), monotonic_s() - began_s

    with ThreadPoolExecutor(len(SLOW)) as pool:
        suffering = [pool.submit(suffer, name) for name in SLOW]
        for number in range(20):
            assert quick_door.stripe(encoded(stripe_event(number))).status == 200
        ends = [future.result() for future in suffering]
    for name, status, took_s in ends:
        assert status in SLOW[name][1], f"{name}: {status}"
        assert took_s < TIMEOUT_S + 10, f"{name}: {took_s:.1f} s"
    assert quick_door.get("/healthz").status == 200


@pytest.mark.requirement("INBOX-1")
@pytest.mark.parametrize(
    "head",
    [
        HEAD + LINE * 40,
        HEAD + LINE * 1000,
        HEAD + b"X: y\r\n" * 200,
        b"POST /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n",
        HEAD + b"X-Long: " + b"a" * 1_000_000 + b"\r\n",
    ],
    ids=["40 KB", "1 MB", "200 headers", "long path", "one header of 1 MB"],
)
def test_large_heads_are_refused(door: Door, head: bytes) -> None:
    with door.connect() as connection:
        with contextlib.suppress(ConnectionError):  # refused while it was still being sent
            connection.sendall(head + b"\r\n")
        with contextlib.suppress(ConnectionError):
            assert status_of(read_reply(connection)) == 431
    assert door.get("/healthz").status == 200


@pytest.mark.requirement("INBOX-1")
def test_a_head_within_bounds_passes(door: Door) -> None:
    with door.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + LINE * 30 + b"\r\n")
        assert status_of(read_reply(connection)) == 200


@pytest.mark.requirement("INBOX-1")
def test_pipelining_is_served_in_order_and_bounded(door: Door) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with door.connect() as connection:
        connection.sendall(one * 3)
        said = b""
        while said.count(b"ok\n") < 3:
            said += connection.recv(65536)
        assert said.count(b"HTTP/1.1 200") == 3
    with door.connect() as connection:
        connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n" * 5000)
        said = b""
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(65536):
                said += part
        assert said.count(b"HTTP/1.1 200") < 100, "closed instead of queued without end"
    assert door.get("/healthz").status == 200


@pytest.mark.requirement("INBOX-1")
def test_many_idle_connections_do_not_lock_others_out(door: Door) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(door.connect())
        assert door.stripe(encoded(stripe_event())).status == 200
