"""A look-up at PayPal over real HTTP: token kept and renewed, answers become inbox rows, failures are named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from pydantic import SecretStr

from core.clock import SystemClock
from core.settings import Settings
from providers.errors import Final, Retryable
from providers.paypal.envelope import parse
from tasks.payments.paypal.calls import fetch

PAYLOAD = {"kind": "capture", "id": "CAP1", "path": "/v2/payments/captures/CAP1", "lane": "paypal:CAP1"}


class StandIn(ThreadingHTTPServer):
    """PayPal's token and capture ends; `answers`: the statuses of the next look-ups, else 200."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int] = []
        self.tokens = 0
        self.seen: list[str] = []

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
        self._answer(self.server.answers.pop(0) if self.server.answers else 200, {"id": "CAP1", "status": "COMPLETED"})

    def _answer(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Silent."""


@pytest.fixture
def paypal() -> Iterator[StandIn]:
    with StandIn() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def settings(server: StandIn, **overrides: Any) -> Settings:
    values: dict[str, Any] = {
        "paypal_client_id": "me",
        "paypal_client_secret": SecretStr("s"),
        "paypal_api_base": server.base,
    }
    return Settings(**(values | overrides))


def test_the_answer_is_an_event_that_its_parser_reads(paypal: StandIn) -> None:
    answer = fetch(PAYLOAD, key="capture:CAP1:WH-1", settings=settings(paypal))
    assert (answer.source, answer.event_type, answer.object_id) == ("paypal", "CAPTURE.FETCHED", "CAP1")
    event = parse(answer.body, inbox_id=1, received_at=SystemClock().now(), headers={})
    assert (event.id, event.type, event.object["status"]) == (answer.event_id, answer.event_type, "COMPLETED")
    assert event.occurred_at == answer.occurred_at


def test_the_same_look_up_has_the_same_id_and_one_token_serves_many(paypal: StandIn) -> None:
    mine = settings(paypal)
    ids = {fetch(PAYLOAD, key="capture:CAP1:WH-1", settings=mine).event_id for _ in range(3)}
    assert len(ids) == 1
    assert paypal.tokens == 1


def test_a_token_that_died_early_is_renewed_once(paypal: StandIn) -> None:
    paypal.answers = [401]
    fetch(PAYLOAD, key="k", settings=settings(paypal))
    assert paypal.seen == [f"{PAYLOAD['path']} Bearer token-1", f"{PAYLOAD['path']} Bearer token-2"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_retryable(paypal: StandIn, status: int) -> None:
    paypal.answers = [status]
    with pytest.raises(Retryable, match=str(status)):
        fetch(PAYLOAD, key="k", settings=settings(paypal))


@pytest.mark.parametrize("status", [403, 404])
def test_what_will_not_pass_is_final(paypal: StandIn, status: int) -> None:
    paypal.answers = [status]
    with pytest.raises(Final, match="unconfirmed"):
        fetch(PAYLOAD, key="k", settings=settings(paypal))


def test_without_credentials_the_error_says_what_to_set(paypal: StandIn) -> None:
    with pytest.raises(Retryable, match="BURSAR_PAYPAL_CLIENT_ID"):
        fetch(PAYLOAD, key="k", settings=settings(paypal, paypal_client_id=""))


def test_no_connection_is_retryable() -> None:
    with StandIn() as gone:
        pass
    with pytest.raises(Retryable, match="cannot be reached"):
        fetch(PAYLOAD, key="k", settings=settings(gone))
