"""A thin event ends in a look-up over real HTTP, whose answer is an event like any other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from core.clock import SystemClock
from core.settings import Settings
from models.customer import Customer
from models.subscription import Subscription
from providers.answer import Answer
from providers.errors import Final, NotConfigured, Retryable
from providers.stripe.envelope import parse
from tasks.maintenance.stripe import thin
from tasks.payments.stripe.calls import fetch
from tests.tasks.mirror import KEYS, RECEIVED, Mirror
from tests.tasks.payments.stripe.ground import body, only
from workers.unit import Unit

CUSTOMER = {"kind": "customer", "id": "cus_1", "url": "/v1/customers/cus_1", "account": None}
NEWS = {"object": "customer", "id": "cus_1", "email": "new@x.test", "balance": 12345678901, "note": "1.10"}


class StandIn(ThreadingHTTPServer):
    """Stripe's API with one customer; `answers`: the statuses of the next look-ups, else 200."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int] = []
        self.seen: list[tuple[str, str | None, str | None]] = []

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Authorization"], self.headers["Stripe-Account"]))
        status = self.server.answers.pop(0) if self.server.answers else 200
        found = NEWS if status == 200 else {"error": {"type": "api_error", "message": "No such thing", "code": "missing"}}
        raw = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *args: Any) -> None:
        """Silent."""


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def settings(api: StandIn, key: str = "rk_test_1") -> Settings:
    values: dict[str, Any] = {"stripe_api_key": SecretStr(key), "stripe_api_base": api.base}
    return Settings(**values)


def asked(mirror: Mirror, event_type: str, related: Any, **envelope: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """What the outbox holds after a thin event, as (kind, key, payload)."""
    event = {"id": "evt_t", "object": "v2.core.event", "type": event_type, "created": "2026-03-01T12:00:00Z"}
    raw = json.dumps(event | {"livemode": False, "related_object": related} | envelope).encode()
    fact = thin.facts(parse(raw, inbox_id=1, received_at=RECEIVED, headers={}))
    with mirror.played([]) as session:
        unit = Unit(session.connection(), KEYS, now=RECEIVED)
        unit.load((name, fact.source, key) for name, key in fact.references())
        thin.received(unit, fact)
        thin.received(unit, fact)
        unit.flush()
        rows = session.execute(text("SELECT kind, key, payload FROM bursar.outbox ORDER BY id")).all()
    return [(row.kind, row.key, row.payload) for row in rows]


@pytest.mark.requirement("INBOX-17")
def test_a_thin_event_asks_for_its_object_once(mirror: Mirror) -> None:
    related = {"id": "cus_1", "type": "customer", "url": "/v1/customers/cus_1"}
    [(kind, _, payload)] = asked(mirror, "v1.customer.updated", related, context="acct_1")
    assert (kind, payload) == ("stripe.fetch", CUSTOMER | {"account": "acct_1"})


@pytest.mark.parametrize(
    "related",
    [None, {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"}, {"id": "cus_1", "type": "customer"}],
)
def test_what_is_not_mirrored_or_has_no_address_asks_for_nothing(mirror: Mirror, related: Any) -> None:
    assert asked(mirror, "v1.billing.meter.error_report_triggered", related) == []


def test_the_answer_is_read_by_the_handler_of_its_kind(api: StandIn, mirror: Mirror) -> None:
    answer = fetch(CUSTOMER, key="evt_t", settings=settings(api))
    assert (answer.source, answer.event_type, answer.object_id) == ("stripe", "customer.fetched", "cus_1")
    event = parse(answer.body, inbox_id=1, received_at=SystemClock().now(), headers={})
    assert (event.id, event.type, event.object, event.occurred_at) == (
        answer.event_id,
        answer.event_type,
        NEWS,
        answer.occurred_at,
    )
    told = [answer.body, body("customer.updated", {"id": "cus_1", "email": "old@x.test"})]
    customer = only(mirror.rows(told, Customer), "customer")
    assert (customer["email"], customer["balance_minor"]) == ("new@x.test", 12345678901)


def test_a_look_up_names_key_and_account(api: StandIn) -> None:
    fetch(CUSTOMER, key="a", settings=settings(api))
    answer = fetch(CUSTOMER | {"account": "acct_1"}, key="b", settings=settings(api))
    paths = [(path, account) for path, _, account in api.seen]
    assert paths == [("/v1/customers/cus_1", None), ("/v1/customers/cus_1", "acct_1")]
    assert {key for _, key, _ in api.seen} == {"Bearer rk_test_1"}
    assert json.loads(answer.body)["account"] == "acct_1"


def test_the_same_look_up_has_the_same_id(api: StandIn) -> None:
    def ids(key: str) -> str:
        found: Answer = fetch(CUSTOMER, key=key, settings=settings(api))
        return found.event_id

    assert ids("evt_t") == ids("evt_t") != ids("evt_u")


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_what_may_pass_is_retryable_and_was_asked_once(api: StandIn, status: int) -> None:
    api.answers = [status]
    with pytest.raises(Retryable, match="asks for patience" if status == 429 else "did not answer"):
        fetch(CUSTOMER, key="k", settings=settings(api))
    assert len(api.seen) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_will_not_pass_is_final(api: StandIn, status: int) -> None:
    api.answers = [status]
    with pytest.raises(Final, match=f"refused GET /v1/customers/cus_1 .{status}"):
        fetch(CUSTOMER, key="k", settings=settings(api))


def test_without_a_key_the_error_says_what_to_set(api: StandIn) -> None:
    with pytest.raises(NotConfigured, match="BURSAR_STRIPE_API_KEY"):
        fetch(CUSTOMER, key="k", settings=settings(api, key=""))
    assert api.seen == []


def test_no_connection_is_retryable() -> None:
    with StandIn() as gone:
        pass
    with pytest.raises(Retryable):
        fetch(CUSTOMER, key="k", settings=settings(gone))


@pytest.mark.requirement("INBOX-17")
def test_a_fetched_final_state_stays_final(mirror: Mirror) -> None:
    told = [
        body("customer.subscription.fetched", {"id": "sub_1", "status": "canceled"}, at=0),
        body("customer.subscription.updated", {"id": "sub_1", "status": "active"}, at=9),
    ]
    assert only(mirror.rows(told, Subscription), "subscription")["status"] == "cancelled"
