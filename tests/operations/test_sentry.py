"""Sentry learns what broke and where, and nothing that an event, a customer or a setting said (SEC-6)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sentry_sdk.types import Event
from sqlalchemy.exc import IntegrityError

from core.redaction import scrub
from models.database import make_engine
from tests.factories.inbox import NOW, inbox_row, store_event
from tests.harness.cluster import Database
from tests.harness.environment import AUDIT_KEY, STRIPE_SECRET
from tests.harness.probe import probe
from tests.harness.processes import Processes
from tests.harness.waiting import wait_until
from tests.operations.sentry_stand_in import SentryStandIn
from workers.hints import Hinter
from workers.observe.sentry import only_what_is_allowed

MAIL, CARD, BODY = "jane.canary@example.com", "4242 4242 4242 4242", "canary-in-the-body"
KEY = "sk_live_canary0123456789"


@pytest.fixture
def sentry() -> Iterator[SentryStandIn]:
    """A Sentry of our own."""
    made = SentryStandIn()
    yield made
    made.close()


@pytest.mark.requirement("SEC-6")
def test_a_failed_event_is_told_without_its_data(
    sentry: SentryStandIn, database: Database, processes: Processes
) -> None:
    settings = database.settings(sentry_dsn=sentry.dsn, task_soft_limit_s=4)
    hinter = Hinter(settings.broker_url.get_secret_value())
    with database.connect() as connection:
        said = f"cus {MAIL} {CARD} {KEY}"
        bad = store_event(connection, probe(said, "raise", BODY, more=BODY))
        slow = store_event(connection, probe("cus_slow", "slow", "60", more=BODY))
        processes.python("-m", "tests.harness.probe_process", "worker", "payments", settings=settings)
        hinter.hint("payments", [bad])
        hinter.hint("payments", [slow])
        wait_until(lambda: len(sentry.events()) >= 2, what="two events at Sentry", interval_s=0.05)
        fingerprint = inbox_row(connection, bad)["fingerprint"]
    hinter.close()
    told = {event["tags"].get("inbox_id"): event for event in sentry.events()}
    event = told[str(bad)]
    assert event["fingerprint"] == [fingerprint]
    assert event["tags"]["event_type"] == "probe thing.happened"
    assert event["tags"]["process"] == "worker-payments"
    (error,) = event["exception"]["values"]
    assert error["type"] == "ProbeBugError"
    assert error["value"].startswith("bug met by cus [mail address]")
    assert error["stacktrace"]["frames"][-1]["function"] == "_misbehave"
    assert any("SoftTimeLimitExceeded" in str(event["exception"]) for event in sentry.events())
    for canary in (
        MAIL,
        "jane.canary",
        CARD,
        BODY,
        KEY,
        STRIPE_SECRET,
        AUDIT_KEY.partition(":")[2],
        settings.broker_url.get_secret_value(),
        settings.database_url.get_secret_value(),
    ):
        assert canary not in sentry.text()
    allowed = {"tags", "fingerprint", "exception", "level", "platform", "release", "environment", "server_name", "sdk"}
    assert set(event) <= allowed | {"event_id", "timestamp", "transaction", "logger"}


def test_whatever_integrations_add_is_dropped() -> None:
    event: Event = {
        "message": f"to {MAIL}",
        "request": {"data": BODY, "headers": {"Stripe-Signature": "t=1,v1=2"}},
        "user": {"email": MAIL},
        "extra": {"celery-job": {"kwargs": BODY}},
        "breadcrumbs": {"values": [{"message": BODY}]},
        "exception": {"values": [{"type": "E", "value": CARD, "stacktrace": {"frames": [{"vars": {"x": BODY}}]}}]},
    }
    said = str(only_what_is_allowed(event, {}))
    for canary in (MAIL, BODY, CARD, "t=1"):
        assert canary not in said
    assert "[mail address]" in said


def test_what_the_database_says_of_a_bad_row_is_not_repeated(database: Database) -> None:
    engine = make_engine(database.url)
    insert = (
        "INSERT INTO bursar.inbox (source, event_id, event_type, lane, queue, state, sha256, received_at, fair_at, next_at)"
        " VALUES ('stripe', 'evt_1', %(type)s, 'l', 'no such queue', 'received', ''::bytea, %(at)s, %(at)s, %(at)s)"
    )
    with pytest.raises(IntegrityError) as raised, engine.begin() as connection:
        connection.exec_driver_sql(insert, {"type": BODY, "at": NOW})
    engine.dispose()
    said = scrub(str(raised.value))
    assert "inbox_queue_check" in said or "inbox_sha256_check" in said
    assert BODY not in said


def test_silent_without_a_dsn(sentry: SentryStandIn, database: Database, processes: Processes) -> None:
    program = "from core.settings import load; from workers.observe.begin import begin; begin(load(), 'x'); 1/0"
    silent = processes.python("-c", program, settings=database.settings())
    loud = processes.python("-c", program, settings=database.settings(sentry_dsn=sentry.dsn))
    assert (silent.wait(), loud.wait()) == (1, 1)
    (event,) = sentry.events()
    assert event["exception"]["values"][0]["type"] == "ZeroDivisionError"
