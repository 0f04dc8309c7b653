"""`trigger`: what it posts is signed, what it cannot do is said clearly."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stripe

from tests.cli.operator_command import Bursar
from tests.harness.cluster import Database
from tests.harness.environment import STRIPE_SECRET

Posted = tuple[str, dict[str, str], bytes]


class Door(ThreadingHTTPServer):
    """Stands where the receiver would, and keeps what it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posted: list[Posted] = []
        self.status = 200


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        door = self.server
        assert isinstance(door, Door)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        door.posted.append((self.path, dict(self.headers), body))
        self.send_response(door.status)
        self.end_headers()
        self.wfile.write(b"said")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Nothing to say."""


@pytest.fixture
def door() -> Iterator[Door]:
    """A listening door."""
    server = Door()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def bursar(database: Database, door: Door) -> Bursar:
    """`bursar`, whose receiver is the door."""
    return Bursar(database.settings(receiver_port=door.server_port))


@pytest.mark.requirement("SEC-1")
def test_a_stripe_sample_is_signed_with_the_configured_secret(bursar: Bursar, door: Door) -> None:
    said = bursar(
        "trigger", "stripe", "invoice.paid", "--set", "customer=cus_mine", "--set", "amount_paid=5", "--count", "2"
    )
    assert said.code == 0, said.err
    assert len({body for _, _, body in door.posted}) == 2
    for path, headers, body in door.posted:
        assert path == "/webhooks/stripe"
        assert stripe.WebhookSignature.verify_header(body.decode(), headers["Stripe-Signature"], STRIPE_SECRET, 60)
        posted = json.loads(body)["data"]["object"]
        assert (posted["customer"], posted["amount_paid"]) == ("cus_mine", 5)


def test_a_zoom_sample_is_posted(bursar: Bursar, door: Door) -> None:
    assert bursar("trigger", "zoom", "meeting.started").code == 0
    ((path, headers, _),) = door.posted
    assert path == "/webhooks/zoom"
    assert headers["x-zm-signature"].startswith("v0=")


def test_an_answer_other_than_2xx_is_a_failure(bursar: Bursar, door: Door) -> None:
    door.status = 401
    said = bursar("trigger", "zoom", "meeting.started")
    assert said.code == 1
    assert "401" in said.out
    assert "next:" in said.out


@pytest.mark.parametrize(
    ("arguments", "env", "code", "text"),
    [
        (["paypal", "PAYMENT.CAPTURE.COMPLETED"], {}, 2, "PayPal signs with a private key"),
        (["stripe", "no.such.type"], {}, 3, "lists the types"),
        (["nobody", "x"], {}, 2, "stripe, zoom"),
        (["stripe", "invoice.paid", "--set", "nonsense"], {}, 2, "PATH=VALUE"),
        (["stripe", "invoice.paid"], {"BURSAR_STRIPE_WEBHOOK_SECRETS": ""}, 2, "BURSAR_STRIPE_WEBHOOK_SECRETS"),
        (["stripe", "invoice.paid"], {"BURSAR_MODE": "live"}, 2, "live events"),
        (["stripe", "invoice.paid"], {"BURSAR_RECEIVER_PORT": "1"}, 69, "does not answer"),
    ],
)
def test_what_cannot_be_sent_is_said_clearly(
    bursar: Bursar, door: Door, arguments: list[str], env: dict[str, str], code: int, text: str
) -> None:
    said = bursar("trigger", *arguments, **env)
    assert said.code == code
    assert text in said.err
    assert door.posted == []


def test_without_a_type_it_lists_them(bursar: Bursar) -> None:
    assert "invoice.paid" in bursar("trigger", "stripe").out.splitlines()
