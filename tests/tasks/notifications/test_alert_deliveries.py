"""Conflicts and events of the other mode reach the operators' mailbox: each conflict once, the other mode once a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.clock import FixedClock
from tasks.notifications.runs import alert_deliveries
from tests.factories.inbox import NOW, store_event
from tests.harness.cluster import Database
from tests.harness.smtp import SmtpServer
from workers import outbox
from workers.context import Context, make_context

_CONFLICT = """INSERT INTO bursar.inbox_conflict (source, event_id, sha256, received_at, headers, body)
               VALUES (%s, %s, sha256(%s), %s, '{}', %s)"""
_OTHER = "UPDATE bursar.inbox SET state = 'ignored', ignored_reason = 'livemode', livemode = true, received_at = %s WHERE id = %s"
_RECIPIENTS = "ops@example.com,anna@example.com"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    """The operators' mail server."""
    with SmtpServer() as made:
        yield made


@pytest.fixture
def clock() -> FixedClock:
    """The business's clock."""
    return FixedClock(NOW)


@pytest.fixture
def context(database: Database, server: SmtpServer, clock: FixedClock) -> Iterator[Context]:
    """A worker that mails to `server`."""
    made = make_context(database.settings(smtp_url=server.url, operator_emails=_RECIPIENTS), clock=clock)
    yield made
    made.engine.dispose()


def conflict(database: Database, event_id: str, body: bytes, *, source: str = "paypal", at: datetime = NOW) -> None:
    """Another body came under that id."""
    with database.connect() as connection:
        connection.execute(_CONFLICT, [source, event_id, body, at, body])


def other_mode(database: Database, number: int, at: datetime = NOW) -> int:
    """A live event came to the test database."""
    with database.connect() as connection:
        row_id = store_event(connection, {"x": number}, source="stripe", event_type="invoice.paid", object_id=f"in_{number}")
        connection.execute(_OTHER, [at, row_id])
    return row_id


def told(context: Context, slot_at: datetime) -> dict[str, Any]:
    """What one slot did."""
    return dict(alert_deliveries(context, slot_at))


def plain(server: SmtpServer, index: int) -> str:
    """The text part of a mail that arrived."""
    part = server.mails[index].message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@pytest.mark.requirement("MAIL-1", "MAIL-6")
def test_all_conflicts_of_a_minute_are_one_mail_and_each_is_told_once(
    database: Database, context: Context, server: SmtpServer
) -> None:
    with database.connect() as connection:
        first = store_event(connection, {}, source="paypal", event_type="PAYMENT.CAPTURE.COMPLETED", event_id="WH-1")
    for number in range(12):
        conflict(database, "WH-1", b"forged %d" % number, at=NOW + number * timedelta(seconds=1))
    conflict(database, "key-1", b"other", source="app", at=NOW + MINUTE)

    assert told(context, NOW + MINUTE) == {"conflicts": 13, "other_mode_types": 0, "mails": 2}
    assert told(context, NOW + 2 * MINUTE) == {"conflicts": 0, "other_mode_types": 0, "mails": 0}
    outbox.drain(context, "notifications")
    assert sorted(mail.recipients for mail in server.mails) == [("anna@example.com",), ("ops@example.com",)]
    assert "13 deliveries with other bytes under a known id: 12 of paypal, 1 of app" in server.mails[0].message["Subject"]
    for expected in (f"bursar inbox show {first}", "WH-1, 8 bytes", "and 3 more", "never processed", "conflict.md"):
        assert expected in plain(server, 0)

    conflict(database, "WH-1", b"forged again")
    assert told(context, NOW + 3 * MINUTE)["mails"] == 2
    outbox.drain(context, "notifications")
    assert len(server.mails) == 4


@pytest.mark.requirement("MAIL-6")
def test_the_other_mode_is_told_once_a_day(
    database: Database, context: Context, server: SmtpServer, clock: FixedClock
) -> None:
    other_mode(database, 1)
    other_mode(database, 2)
    with database.connect() as connection:
        ignored = store_event(connection, {}, source="stripe", event_type="product.created")
        connection.execute("UPDATE bursar.inbox SET state = 'ignored', ignored_reason = 'no handler' WHERE id = %s", [ignored])

    assert told(context, NOW) == {"conflicts": 0, "other_mode_types": 1, "mails": 2}
    other_mode(database, 3, NOW + MINUTE)
    assert told(context, NOW + MINUTE)["mails"] == 0
    outbox.drain(context, "notifications")
    assert server.mails[0].message["Subject"] == "[Bursar] 2 events of the other mode; this database is test"
    assert "2 stripe invoice.paid" in plain(server, 0)

    clock.move_to(NOW + timedelta(days=1))
    assert told(context, clock.now())["mails"] == 0  # none came since
    other_mode(database, 4, clock.now())
    assert told(context, clock.now())["mails"] == 2


def test_without_operators_nothing_counts_as_told(database: Database, context: Context, clock: FixedClock) -> None:
    conflict(database, "WH-1", b"forged")
    quiet = make_context(database.settings(), clock=clock)
    assert told(quiet, NOW)["mails"] == 0
    quiet.engine.dispose()
    assert told(context, NOW)["mails"] == 2


def test_what_is_a_week_old_is_no_news(database: Database, context: Context) -> None:
    conflict(database, "WH-1", b"forged", at=NOW - timedelta(days=8))
    other_mode(database, 1, NOW - timedelta(days=8))
    assert told(context, NOW) == {"conflicts": 0, "other_mode_types": 0, "mails": 0}
