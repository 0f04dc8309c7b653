"""From a dead row to a mail in an operator's mailbox, over the outbox and real SMTP, once a day (MAIL-1, MAIL-6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from cli.inbox.groups import command
from core.clock import FixedClock
from tasks.notifications.runs import alert_dead_letters
from tests.factories.inbox import NOW, store_event
from tests.harness.cluster import Database
from tests.harness.smtp import DROP, SmtpServer
from workers import outbox
from workers.context import Context, make_context

_DEAD = """UPDATE bursar.inbox SET state = 'dead', error_class = 'KeyError', error = %s, fingerprint = %s, next_at = %s, attempts = 6
           WHERE id = %s"""
_RECIPIENTS = "ops@example.com,anna@example.com"


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


def _kill(database: Database, number: int, *, fingerprint: str = "abc123def456", at: Any = NOW) -> int:
    with database.connect() as connection:
        row_id = store_event(
            connection, {"x": number}, source="stripe", event_type="invoice.paid", object_id=f"in_{number}"
        )
        error = "no such plan for anna@example.org, key sk_live_0123456789"
        connection.execute(_DEAD, [error, fingerprint, at, row_id])
    return row_id


def _rows(database: Database) -> list[dict[str, Any]]:
    with database.connect(row_factory=psycopg.rows.dict_row) as connection:
        return connection.execute("SELECT * FROM bursar.outbox ORDER BY id").fetchall()


@pytest.mark.requirement("MAIL-1", "MAIL-6", "SEC-6")
def test_operators_get_one_mail_per_cause_and_day(database: Database, context: Context, server: SmtpServer) -> None:
    _, newest = _kill(database, 1), _kill(database, 2)

    assert alert_dead_letters(context, NOW) == {"groups": 1, "mails": 2}
    assert outbox.drain(context, "notifications").done == 2
    _kill(database, 3)
    assert alert_dead_letters(context, NOW + timedelta(minutes=1)) == {"groups": 1, "mails": 0}

    assert sorted(mail.recipients for mail in server.mails) == [("anna@example.com",), ("ops@example.com",)]
    message = server.mails[0].message
    assert message["Subject"] == "[Bursar] 2 dead events on payments: invoice.paid, KeyError"
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        words = part.get_content()
        for expected in (
            "stripe",
            "in_2",
            "no such plan",
            "abc123def456",
            f"bursar inbox show {newest}",
            "bursar inbox groups",
        ):
            assert expected in words
        assert "anna@example.org" not in words
        assert "0123456789" not in words
    assert {row["result"]["message_id"] for row in _rows(database)} == {
        mail.message["Message-ID"].strip("<>").partition("@")[0] for mail in server.mails
    }


@pytest.mark.requirement("MAIL-6")
def test_the_same_cause_on_another_day_is_told_again(database: Database, context: Context, clock: FixedClock) -> None:
    _kill(database, 1)
    alert_dead_letters(context, NOW)
    clock.move_to(NOW + timedelta(days=1))

    assert alert_dead_letters(context, clock.now())["mails"] == 0  # nothing new died
    _kill(database, 2, at=clock.now())
    assert alert_dead_letters(context, clock.now())["mails"] == 2


@pytest.mark.requirement("MAIL-6")
def test_a_mail_whose_fate_is_unknown_goes_out_under_the_same_id(
    database: Database, context: Context, server: SmtpServer, clock: FixedClock
) -> None:
    _kill(database, 1)
    alert_dead_letters(context, NOW)
    server.faults["end"] = DROP
    assert len(outbox.drain(context, "notifications").failed) == 2
    assert {row["state"] for row in _rows(database)} == {"waiting"}

    server.faults.clear()
    with database.connect() as connection:
        connection.execute("UPDATE bursar.outbox SET state = 'received'")
    assert outbox.drain(context, "notifications").done == 2
    assert len({mail.message["Message-ID"] for mail in server.mails}) == 2


@pytest.mark.requirement("MAIL-1")
def test_a_refused_address_is_dead_at_once_and_told_to_the_others(
    database: Database, context: Context, server: SmtpServer
) -> None:
    _kill(database, 1)
    alert_dead_letters(context, NOW)
    server.faults["rcpt"] = "550 no such user"
    outbox.drain(context, "notifications")
    server.faults.clear()

    assert [row["state"] for row in _rows(database)] == ["dead", "dead"]
    assert alert_dead_letters(context, NOW) == {"groups": 2, "mails": 2}
    outbox.drain(context, "notifications")
    subject = server.mails[0].message["Subject"].strip()
    assert subject == "[Bursar] 2 dead calls on notifications: mail.send, AddressRefusedError"
    text = server.mails[0].message.get_body(("plain",))
    assert text is not None
    assert "bursar outbox replay --state dead --error" in text.get_content()
    assert "--dry-run" not in text.get_content()


def test_the_mail_names_the_command_that_the_command_line_names(database: Database, context: Context) -> None:
    _kill(database, 1, fingerprint="crash:0011 22")
    alert_dead_letters(context, NOW)

    replay = _rows(database)[0]["payload"]["context"]["replay"]
    assert f"{replay} --reason '...'" == command("dead", "crash:0011 22", 1)


def test_a_storm_of_causes_is_no_storm_of_mails(database: Database, context: Context) -> None:
    for number in range(25):
        _kill(database, number, fingerprint=f"cause{number:02}")
    for number in range(3):
        _kill(database, 100 + number, fingerprint="cause24")

    assert alert_dead_letters(context, NOW) == {"groups": 25, "mails": 40}
    assert "dead_letter_alert/inbox/cause24/2026-03-01" in {row["key"].rpartition("/")[0] for row in _rows(database)}
    assert alert_dead_letters(context, NOW) == {"groups": 25, "mails": 10}
    assert alert_dead_letters(context, NOW) == {"groups": 25, "mails": 0}


def test_without_operators_nothing_is_written(database: Database, clock: FixedClock) -> None:
    quiet = make_context(database.settings(), clock=clock)
    _kill(database, 1)

    assert alert_dead_letters(quiet, NOW) == {"groups": 1, "mails": 0}
    quiet.engine.dispose()
