"""The app's own commands on the real machine: what each writes, what it refuses, and that again is as good as once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest

from core.clock import FixedClock
from providers.manual.envelope import confirmation
from tests.factories.commands import client, status, submit
from tests.harness.cluster import Database
from workers import inbox
from workers.context import Context, make_context
from workers.replay import replay
from workers.store_answer import store_answer

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
LINK = "billing.customer.link.v1"
REFRESH = "billing.object.refresh.v1"
REPORT = "billing.bank_transfer.report.v1"


@pytest.fixture
def context(database: Database) -> Iterator[Context]:
    made = make_context(database.settings(), clock=FixedClock(NOW))
    yield made
    made.engine.dispose()


@pytest.fixture
def app(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with client(database) as connection:
        yield connection


def done(context: Context, app: psycopg.Connection[Any], key: str, payload: dict[str, Any], name: str, **options: Any) -> dict[str, Any]:
    """Submit, work, and say what came of it."""
    submit(app, key, payload, name=name, **options)
    assert inbox.drain(context, "payments").failed == []
    found = status(app, key)
    assert found is not None
    return found


def link(customer: str, external: str, **more: Any) -> dict[str, Any]:
    """A payload."""
    return {"source": "stripe", "customer_ref": customer, "external_ref": external, **more}


@pytest.mark.requirement("AUDIT-2", "SEC-9", "INBOX-18")
def test_a_customer_is_linked_once(context: Context, app: psycopg.Connection[Any], database: Database) -> None:
    first = done(context, app, "k1", link("cus_1", "user-1"), LINK, actor="user:7")
    assert (first["state"], first["result"]["external_ref"], first["result"]["previous"]) == ("succeeded", "user-1", None)
    assert first["result"]["customer"].startswith("cus_")
    again = done(context, app, "k2", link("cus_1", "user-1"), LINK)
    assert (again["state"], again["result"]["previous"]) == ("succeeded", "user-1")
    other = done(context, app, "k3", link("cus_1", "user-2"), LINK)
    assert (other["state"], other["code"], other["details"]) == ("rejected", "linked_to_another", {"current": "user-1", "limit": 1})
    moved = done(context, app, "k4", link("cus_1", "user-2", move=True), LINK)
    assert (moved["state"], moved["result"]["previous"]) == ("succeeded", "user-1")
    with database.connect() as connection:
        rows = connection.execute("SELECT source, external_id, external_ref FROM bursar.customer").fetchall()
        assert rows == [("stripe", "cus_1", "user-2")]
        audit = connection.execute(
            "SELECT actor, reason, before, after FROM bursar.audit WHERE action = 'customer.linked' ORDER BY id"
        ).fetchall()
    assert audit == [
        ("app:user:7", LINK, {"external_ref": None}, {"external_ref": "user-1"}),
        ("app:app", LINK, {"external_ref": "user-1"}, {"external_ref": "user-2"}),
    ]


@pytest.mark.requirement("INBOX-5")
def test_a_replayed_command_finds_its_own_effect(context: Context, app: psycopg.Connection[Any], database: Database) -> None:
    done(context, app, "k1", link("cus_1", "user-1"), LINK)
    done(context, app, "k2", {"source": "stripe", "kind": "customer", "object_ref": "cus_1"}, REFRESH)
    with database.connect() as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM bursar.inbox").fetchall()]
        assert replay(context, ids, actor="anna", reason="to see", states=("done",)).count == 2
        assert inbox.drain(context, "payments").done == 2
        assert connection.execute("SELECT count(*) FROM bursar.audit WHERE action = 'customer.linked'").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM bursar.outbox").fetchone() == (1,)
    found = status(app, "k1")
    assert found is not None
    assert (found["state"], found["result"]["previous"]) == ("succeeded", "user-1")


def test_an_object_is_asked_for(context: Context, app: psycopg.Connection[Any], database: Database) -> None:
    asked = {"source": "stripe", "kind": "invoice", "object_ref": "in_1/../x", "account": "acct_1"}
    assert done(context, app, "k1", asked, REFRESH)["state"] == "succeeded"
    assert done(context, app, "k2", {"source": "paypal", "kind": "capture", "object_ref": "CAP-1"}, REFRESH)["state"] == "succeeded"
    unknown = done(context, app, "k3", {"source": "paypal", "kind": "customer", "object_ref": "x"}, REFRESH)
    assert (unknown["state"], unknown["code"]) == ("rejected", "kind_not_mirrored")
    assert "capture" in unknown["details"]["limit"]
    with database.connect() as connection:
        calls = connection.execute("SELECT kind, payload FROM bursar.outbox ORDER BY id").fetchall()
    assert calls[0] == (
        "stripe.fetch",
        {"kind": "invoice", "id": "in_1/../x", "account": "acct_1", "lane": "stripe:in_1/../x", "url": "/v1/invoices/in_1%2F..%2Fx"},
    )
    assert (calls[1][0], calls[1][1]["path"]) == ("paypal.fetch", "/v2/payments/captures/CAP-1")


@pytest.mark.requirement("INBOX-14", "PAY-1", "PAY-12")
@pytest.mark.parametrize("confirmed_first", [False, True])
def test_a_reported_transfer_waits_for_somebody_who_saw_it(
    context: Context, app: psycopg.Connection[Any], database: Database, confirmed_first: bool
) -> None:
    told = {"reference": "INV-42", "amount_minor": 12_500, "currency": "RON", "pays": "INV-42"}
    seen = confirmation("INV-42", amount_minor=12_500, currency="RON", received_on=date(2026, 12, 1), pays="INV-42")

    def confirm() -> None:
        with context.engine.begin() as connection:
            store_answer(connection, seen, now=NOW)
        inbox.drain(context, "payments")

    if confirmed_first:
        confirm()
    reported = done(context, app, "k1", told, REPORT)
    assert (reported["state"], reported["result"]["status"]) == ("succeeded", "succeeded" if confirmed_first else "processing")
    if not confirmed_first:
        confirm()
    otherwise = done(context, app, "k2", told | {"amount_minor": 1}, REPORT)
    assert (otherwise["state"], otherwise["code"]) == ("rejected", "reported_otherwise")
    with database.connect() as connection:
        rows = connection.execute("SELECT status, received_minor, amount_minor, currency, confirmed FROM bursar.payment").fetchall()
    assert rows == [("succeeded", 12_500, 12_500, "RON", True)]


@pytest.mark.requirement("PAY-12", "SEC-9")
@pytest.mark.parametrize("amount", [0, -5, 100_000_001, 2**70])
def test_an_amount_out_of_bounds_is_refused(context: Context, app: psycopg.Connection[Any], database: Database, amount: int) -> None:
    found = done(context, app, "k1", {"reference": "X", "amount_minor": amount, "currency": "EUR"}, REPORT)
    assert (found["state"], found["code"]) == ("rejected", "amount_out_of_bounds")
    assert found["details"] == {"current": amount, "limit": 100_000_000}
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM bursar.payment").fetchone() == (0,)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"currency": "eur"}, "currency"), ({"amount_minor": 1.5}, "amount_minor"), ({"amount_minor": "1"}, "amount_minor"),
        ({"reference": "a b"}, "reference"), ({"pays": ""}, "pays"), ({"amount": 1}, "amount"),
    ],
)  # fmt: skip
def test_a_field_that_does_not_fit_is_named(context: Context, app: psycopg.Connection[Any], change: dict[str, Any], field: str) -> None:
    told = {"reference": "X", "amount_minor": 1, "currency": "EUR"} | change
    found = done(context, app, "k1", told, REPORT)
    assert (found["state"], found["code"], found["details"]) == ("rejected", "invalid_payload", {"field": field})
