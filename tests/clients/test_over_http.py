"""The HTTP way when the receiver is away, slow, behind a proxy, or does not believe us."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bursar_client import BursarError, HttpBursar, InvalidCommand, NotFinished, Unauthorized, Unavailable
from core.clock import SystemClock, monotonic_s
from tests.clients.ways import http_bursar, note, stored
from tests.harness.environment import APP, APP_SECRET
from tests.harness.ports import free_range
from tests.webhooks_ingest.door import Door


@contextmanager
def answering(*answers: tuple[int, dict[str, str], bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """A server that gives these answers, the last one for ever; its URL and the bodies that it got."""
    got: list[bytes] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            status, headers, body = answers[min(len(got), len(answers)) - 1]
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", got
        server.shutdown()


def bursar(url: str, **options: Any) -> HttpBursar:
    """A client with little patience."""
    given: dict[str, Any] = {"app": APP, "secret": APP_SECRET, "timeout_s": 60.0, "patience_s": 30.0}
    return HttpBursar(url, **(given | options))


GOOD = json.dumps({"key": "k1", "name": "n", "state": "accepted", "new": True}).encode()
UNAVAILABLE = json.dumps({"code": "unavailable", "message": "the command is not known to be stored", "details": {}}).encode()


@pytest.mark.requirement("INBOX-2")
def test_it_repeats_the_very_same_until_it_is_stored() -> None:
    busy = (503, {"Retry-After": "0"}, UNAVAILABLE)
    with answering(busy, (502, {}, b"<html>bad gateway</html>"), (504, {}, b""), (202, {}, GOOD)) as (url, got):
        assert bursar(url).submit(note(), key="k1").new is True
    assert len(got) == 4
    assert len(set(got)) == 1


def test_its_patience_ends() -> None:
    with answering((503, {"Retry-After": "3600"}, UNAVAILABLE)) as (url, got):
        began_s = monotonic_s()
        with pytest.raises(Unavailable, match="not known to be stored"):
            bursar(url, patience_s=0.5).submit(note(), key="k1")
        assert monotonic_s() - began_s < 30
        assert len(got) == 2
        with pytest.raises(Unavailable):
            bursar(url, patience_s=0).status("k1")
        assert len(got) == 3
    nobody = f"http://127.0.0.1:{free_range()}"
    with pytest.raises(Unavailable, match="no answer from 127"):
        bursar(nobody, patience_s=0.2).submit(note(), key="k1")
    with pytest.raises(NotFinished):
        bursar(nobody, patience_s=0).wait("k1", 0.2)


def test_what_it_does_not_repeat() -> None:
    cases: list[tuple[int, bytes, type[BursarError]]] = [
        (400, b'{"code": "invalid_command", "message": "m", "details": {"hint": "h"}}', InvalidCommand),
        (401, b'{"code": "unauthorized", "message": "m", "details": {}}', Unauthorized),
        (413, b'{"code": "too_large", "message": "m", "details": {}}', InvalidCommand),
        (404, b"<html>", BursarError),
        (500, b"", BursarError),
        (302, b"", BursarError),
    ]
    for status, body, error in cases:
        with answering((status, {"Location": "http://elsewhere.invalid"}, body)) as (url, got):
            with pytest.raises(error):
                bursar(url).submit(note(), key="k1")
            assert len(got) == 1, status


def test_the_receiver_does_not_believe_everybody(door: Door) -> None:
    now_s = SystemClock().now().timestamp()
    wrong: list[dict[str, Any]] = [
        {"secret": "x" * 40}, {"app": "nobody"}, {"clock": lambda: now_s - 400}, {"clock": lambda: now_s + 400},
    ]  # fmt: skip
    for options in wrong:
        with pytest.raises(Unauthorized):
            http_bursar(door, **options).submit(note(), key="k1")
        with pytest.raises(Unauthorized):
            http_bursar(door, **options).status("k1")
    assert stored(door.database) == []


def test_what_it_needs_is_checked_when_it_is_made() -> None:
    for url in ("bursar.example.com", "ftp://x", "http://", "http://x/?a=1", "http://x/#a"):
        with pytest.raises(ValueError, match="address of a receiver"):
            HttpBursar(url, app=APP, secret=APP_SECRET)
    with pytest.raises(ValueError, match="shorter than 32"):
        HttpBursar("http://x", app=APP, secret="short")
