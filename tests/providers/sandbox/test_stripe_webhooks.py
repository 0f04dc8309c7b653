"""The stand-in's deliveries over real HTTP: signed, repeated after failures, doubled, mixed up and lost as it is told."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator

import pytest
import stripe

from providers.sandbox.http.exchange import Reply, Request
from providers.sandbox.http.server import Server
from tests.harness.environment import STRIPE_SECRET
from tests.harness.sandbox import Sandbox
from tests.harness.waiting import wait_until
from tests.providers.sandbox.stripe_api import Json, Sdk


class Receiver:
    """An endpoint that checks signatures with the SDK and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[Json] = []
        self.answers: list[int] = []
        self._guard = threading.Lock()
        self.server = Server(self._take).start()
        self.url = f"{self.server.base}/webhooks/stripe"

    def _take(self, request: Request) -> Reply:
        body = request.body.decode()
        stripe.WebhookSignature.verify_header(body, request.headers["stripe-signature"], STRIPE_SECRET, tolerance=300)
        with self._guard:
            self.got.append(json.loads(body))
            return Reply(self.answers.pop(0) if self.answers else 200)

    def ids(self) -> list[str]:
        return [event["id"] for event in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An endpoint on the loopback."""
    made = Receiver()
    yield made
    made.server.stop()


def _all_sent(sandbox: Sandbox) -> None:
    wait_until(lambda: sandbox.control.open_deliveries() == 0, what="all deliveries to be made")


def _events(sdk: Sdk) -> list[str]:
    return [event.id for event in sdk.client.v1.events.list({"limit": 100}).auto_paging_iter()][::-1]


def test_events_are_sent_signed_and_in_order(sdk: Sdk, stripe_sandbox: Sandbox, receiver: Receiver) -> None:
    sdk.charge()
    stripe_sandbox.control.send_to(receiver.url, STRIPE_SECRET)
    sdk.charge()
    _all_sent(stripe_sandbox)
    # What was before nobody listened is not sent: it has to be fetched.
    assert receiver.ids() == _events(sdk)[3:]
    assert [row["what"] for row in stripe_sandbox.control.deliveries()] == ["taken"] * 3
    assert receiver.got[0]["api_version"] == "2026-10-28.endive"


def test_a_failure_is_tried_again_and_listed_as_undelivered_until_then(sdk: Sdk, stripe_sandbox: Sandbox, receiver: Receiver) -> None:
    control = stripe_sandbox.control
    receiver.answers = [503, 500]
    control.send_to(receiver.url, STRIPE_SECRET, retry_after_s=0.01)
    sdk.post("/v1/customers")
    _all_sent(stripe_sandbox)
    assert [row["status"] for row in control.deliveries()] == [503, 500, 200]
    control.switches(retries=False)
    receiver.answers = [500]
    sdk.post("/v1/customers")
    _all_sent(stripe_sandbox)
    [lost] = sdk.get("/v1/events", delivery_success=False)["data"]
    assert lost["id"] == receiver.ids()[-1]
    assert len(sdk.get("/v1/events", delivery_success=True)["data"]) == 1
    control.resend(lost["id"])
    _all_sent(stripe_sandbox)
    assert sdk.get("/v1/events", delivery_success=False)["data"] == []


@pytest.mark.parametrize("switch", ["duplicates", "reorder", "loss"])
def test_deliveries_go_wrong_as_told(sdk: Sdk, stripe_sandbox: Sandbox, receiver: Receiver, switch: str) -> None:
    control = stripe_sandbox.control
    control.send_to(receiver.url, STRIPE_SECRET, seed=3, paused=True, **{switch: 0.4})
    for _ in range(10):
        sdk.charge()
    control.switches(paused=False)
    _all_sent(stripe_sandbox)
    happened, got = _events(sdk), receiver.ids()
    counts = Counter(got)
    if switch == "duplicates":
        assert set(counts) == set(happened)
        assert set(counts.values()) == {1, 2}
    if switch == "reorder":
        assert got != happened
        assert sorted(got) == sorted(happened)
    if switch == "loss":
        missing = [name for name in happened if name not in counts]
        assert 0 < len(missing) < len(happened)
        undelivered = sdk.client.v1.events.list({"delivery_success": False, "limit": 100}).auto_paging_iter()
        assert [event.id for event in undelivered][::-1] == missing


def test_an_endpoint_may_take_connected_accounts_only(sdk: Sdk, stripe_sandbox: Sandbox, receiver: Receiver) -> None:
    endpoint = {"url": receiver.url, "secret": STRIPE_SECRET, "connect": True}
    stripe_sandbox.control.switches(endpoints=[endpoint])
    sdk.charge()
    account = stripe_sandbox.control.ready_account()
    _all_sent(stripe_sandbox)
    assert {event["account"] for event in receiver.got} == {account}


def test_a_test_may_take_the_events_itself(sdk: Sdk, stripe_sandbox: Sandbox) -> None:
    sdk.charge()
    assert len(stripe_sandbox.control.take_events()) == 3
    sdk.charge()
    assert [event["type"] for event in stripe_sandbox.control.take_events("charge.succeeded")] == ["charge.succeeded"]
    assert stripe_sandbox.control.take_events() == []
