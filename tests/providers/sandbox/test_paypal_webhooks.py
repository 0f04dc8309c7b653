"""The stand-in's deliveries pass the real verifier, under the door's own rules; they get lost, doubled and shuffled when told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.clock import SystemClock
from core.settings import Settings
from providers.errors import UnparsableBody
from providers.paypal.envelope import parse
from providers.refusal import Refused
from providers.sandbox.http.exchange import Reply, Request
from providers.sandbox.http.server import Server
from providers.sandbox.paypal.client import PayPalControl
from providers.sandbox.paypal.server import PayPalSandbox
from tests.harness.waiting import wait_until
from webhooks_ingest.paypal import PayPalPlug

WEBHOOK = "WH-SANDBOX-1"


class Receiver:
    """What a receiver sees; `answers`: the statuses of its next replies, else 200."""

    def __init__(self) -> None:
        self.seen: list[Request] = []
        self.answers: list[int] = []
        self.server = Server(self._take).start()

    def _take(self, request: Request) -> Reply:
        self.seen.append(request)
        return Reply(self.answers.pop(0) if self.answers else 200)

    def ids(self) -> list[str]:
        return [json.loads(request.body)["id"] for request in self.seen]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.server.stop()


@pytest.fixture
def sandbox() -> Iterator[PayPalSandbox]:
    with PayPalSandbox() as found:
        yield found


def aim(sandbox: PayPalSandbox, receiver: Receiver, **plan: object) -> PayPalControl:
    control = PayPalControl(sandbox.base)
    control.tell("deliveries", url=receiver.server.base, webhook_id=WEBHOOK, **plan)
    return control


@pytest.mark.requirement("INBOX-11", "INBOX-12")
def test_a_delivery_is_verified_with_the_certificate_that_was_laid(sandbox: PayPalSandbox, receiver: Receiver, tmp_path: Path) -> None:
    anchor = sandbox.lay_certificate(tmp_path)
    control = aim(sandbox, receiver, by_itself=False)
    control.tell("sale", amount_minor=100, currency="EUR")
    assert control.deliver() == {"waiting": 0, "taken": 1, "refused": 0, "lost": 0}
    [request] = receiver.seen
    values: dict[str, Any] = {"home": tmp_path, "paypal_webhook_id": WEBHOOK, "paypal_trust_anchors": anchor}
    plug, now = PayPalPlug(Settings(**values), fetch=_nobody), SystemClock().now()
    asyncio.run(plug.prepare(request.headers, now))
    envelope = plug.verify(request.headers, request.body, now)
    assert (envelope.event_type, envelope.event_id) == ("PAYMENT.SALE.COMPLETED", json.loads(request.body)["id"])
    with pytest.raises(Refused):
        plug.verify(request.headers, request.body.replace(b"1.00", b"9.00"), now)


@pytest.mark.requirement("INBOX-11")
@pytest.mark.parametrize("event_id", ["answer-0123456789abcdef", "fetch-0123456789abcdef"])
def test_answers_to_our_own_calls_cannot_come_through_the_door(sandbox: PayPalSandbox, tmp_path: Path, event_id: str) -> None:
    """Even with PayPal's own signature, which proves no body: else a forged one could say that a refund was made."""
    anchor, now = sandbox.lay_certificate(tmp_path), SystemClock().now()
    body = json.dumps({"id": event_id, "event_type": "answer.refund", "resource": {"id": "R1"}, "answer": {}}).encode()
    headers = {name.lower(): text for name, text in sandbox.signer.headers(body, "tr-1", now, WEBHOOK).items()}
    values: dict[str, Any] = {"home": tmp_path, "paypal_webhook_id": WEBHOOK, "paypal_trust_anchors": anchor}
    plug = PayPalPlug(Settings(**values), fetch=_nobody)
    asyncio.run(plug.prepare(headers, now))
    envelope = plug.verify(headers, body, now)
    assert envelope.event_type == "unparsable"
    assert envelope.event_id.startswith("sha256:")
    with pytest.raises(UnparsableBody, match="through the door"):
        parse(body, inbox_id=1, received_at=now, headers=headers)


def _nobody(url: str) -> bytes:
    raise AssertionError(f"{url} is at hand and was asked for")


def test_what_is_refused_comes_again_under_the_same_transmission(sandbox: PayPalSandbox, receiver: Receiver) -> None:
    receiver.answers = [503, 503]
    control = aim(sandbox, receiver)
    control.tell("sale", amount_minor=100, currency="EUR")
    wait_until(lambda: len(receiver.seen) == 3, what="the third try")
    names = ("paypal-transmission-id", "paypal-transmission-time", "paypal-transmission-sig")
    assert len({tuple(request.headers[name] for name in names) for request in receiver.seen}) == 1
    wait_until(lambda: control.tell("deliveries")["waiting"] == 0, what="the delivery to be through")


def test_events_are_doubled_shuffled_and_lost(sandbox: PayPalSandbox, receiver: Receiver) -> None:
    control = aim(sandbox, receiver, by_itself=False, copies=2, shuffle=True, lose=0.3, seed=7)
    control.tell("clock", at=datetime(2026, 5, 1, tzinfo=UTC).isoformat())
    made = [control.tell("sale", amount_minor=100 + number, currency="EUR")["id"] for number in range(20)]
    counts = control.deliver()
    assert counts["taken"] + counts["lost"] == 20
    assert 0 < counts["lost"] < 20
    ids = receiver.ids()
    assert ids[0::2] == ids[1::2]
    told = [json.loads(request.body)["resource"]["id"] for request in receiver.seen[::2]]
    assert told != [sale for sale in made if sale in told]
    assert len(control.tell("objects", kind="event")) == 20, "what was lost is in PayPal's own list"
