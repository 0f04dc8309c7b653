"""How tests knock at the commands' door: properly signed, or with one thing wrong."""

from __future__ import annotations

import json
from typing import Any

from core.clock import SystemClock
from providers.app.signature import sign
from tests.harness.environment import APP, APP_SECRET
from tests.webhooks_ingest.door import Door, Reply, encoded

NAME = "billing.test.note.v1"
"""A command's name that only tests know."""
KNOW = "INSERT INTO bursar.command_kind (name, queue) VALUES (%s, 'maintenance') ON CONFLICT DO NOTHING"


def command(key: str = "k1", text: str = "hello", **changes: Any) -> bytes:
    """A request's body; keywords replace fields."""
    return encoded({"name": NAME, "payload": {"text": text}, "key": key, **changes})


def headers(
    body: bytes, *, app: str = APP, secret: str = APP_SECRET, method: str = "POST", path: str = "/commands", late_s: int = 0
) -> dict[str, str]:
    """What proves the request; made `late_s` seconds ago."""
    stamp = str(int(SystemClock().now().timestamp()) - late_s)
    signed = f"{stamp}.{method}.{path}.".encode() + body
    return {
        "Bursar-App": app, "Bursar-Timestamp": stamp, "Bursar-Signature": sign(secret.encode(), signed),
        "Content-Type": "application/json",
    }  # fmt: skip


def post(door: Door, body: bytes, path: str = "/commands", **options: Any) -> Reply:
    """A signed command."""
    return door.post(path, body, headers(body, path=path, **options))


def ask(door: Door, path: str, **options: Any) -> Reply:
    """A signed question."""
    return door.post(path, b"", headers(b"", method="GET", path=path, **options), "GET")


def told(reply: Reply) -> dict[str, Any]:
    """The answer's object."""
    assert reply.headers["content-type"] == "application/json"
    value: dict[str, Any] = json.loads(reply.body)
    return value
