"""A running receiver and the ways in which tests knock at it: properly signed, or with raw bytes."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg

from core.clock import SystemClock, monotonic_s
from core.settings import Settings
from providers.sandbox.sign import stripe_headers, zoom_headers
from tests.harness.cluster import Database
from tests.harness.environment import STRIPE_SECRET, ZOOM_SECRET
from tests.harness.processes import Processes, Running
from tests.harness.waiting import wait_until


@dataclass(frozen=True)
class Reply:
    """What the receiver answered."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    took_s: float


class Door:
    """One receiver process."""

    def __init__(self, running: Running, settings: Settings, database: Database) -> None:
        self.running = running
        self.settings = settings
        self.database = database

    def post(self, path: str, body: bytes, headers: Mapping[str, str], method: str = "POST") -> Reply:
        """One request on a connection of its own."""
        began_s = monotonic_s()
        with closing(http.client.HTTPConnection("127.0.0.1", self.settings.receiver_port, timeout=60)) as connection:
            connection.request(method, path, body or None, dict(headers))
            answer = connection.getresponse()
            return Reply(answer.status, answer.read(), dict(answer.headers), monotonic_s() - began_s)

    def get(self, path: str) -> Reply:
        """A GET."""
        return self.post(path, b"", {}, "GET")

    def stripe(self, body: bytes, **headers: str) -> Reply:
        """A delivery signed as Stripe's; `Content_Type=...` adds or replaces a header."""
        signed = stripe_headers(STRIPE_SECRET, body, SystemClock().now())
        return self.post("/webhooks/stripe", body, signed | _named(headers))

    def zoom(self, body: bytes, **headers: str) -> Reply:
        """A delivery signed as Zoom's."""
        signed = zoom_headers(ZOOM_SECRET, body, SystemClock().now())
        return self.post("/webhooks/zoom", body, signed | _named(headers))

    def connect(self) -> socket.socket:
        """A raw connection. Use it in a `with`."""
        return socket.create_connection(("127.0.0.1", self.settings.receiver_port), timeout=60)


def open_door(processes: Processes, database: Database, **overrides: Any) -> Door:
    """Start a receiver; returns when it takes events. Keywords are settings.

    It is more patient with its database than by default: a busy machine must not turn a 200 into a 503.
    """
    settings = database.settings(**({"store_timeout_s": 30.0} | overrides))
    running = processes.bursar("receiver", settings=settings)
    running.wait_output("database_connected")
    door = Door(running, settings, database)
    wait_until(lambda: door.get("/healthz").status == 200, what="the receiver to answer")
    return door


def stripe_event(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A small snapshot event; keywords replace fields of the envelope."""
    return {
        "id": f"evt_{number}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1_772_000_000,
        "type": "customer.updated",
        "livemode": False,
        "data": {"object": {"id": f"cus_{number}", "object": "customer"}},
        **changes,
    }


def encoded(value: object) -> bytes:
    """JSON bytes."""
    return json.dumps(value).encode()


def rows(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """The inbox with payloads, in the order of arrival."""
    cursor = connection.execute(
        "SELECT i.*, p.headers, p.body FROM bursar.inbox i LEFT JOIN bursar.inbox_payload p ON p.inbox_id = i.id ORDER BY i.id"
    )
    assert cursor.description is not None
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def read_reply(connection: socket.socket) -> bytes:
    """All that the receiver says until it closes or has sent a whole reply without a body."""
    said = b""
    while b"\r\n\r\n" not in said:
        part = connection.recv(65536)
        if not part:
            return said
        said += part
    head, _, body = said.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0
    )
    while len(body) < length:
        part = connection.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body


def status_of(said: bytes) -> int | None:
    """The status of a raw reply; None when the connection was closed without one."""
    return int(said.split(b" ", 2)[1]) if said.startswith(b"HTTP/1.1 ") else None


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
