"""Retention: payload months past their age go, what is not final stays readable, transmissions go when they are of no use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from core.clock import FixedClock, monotonic_s
from tasks.maintenance import retention as rules
from tasks.maintenance.runs import make_payload_months, retention
from tests.factories.inbox import store_event
from tests.harness.cluster import Database
from tests.harness.probe import probe
from tests.harness.waiting import wait_until
from workers.context import Context, make_context

OLD = datetime(2025, 1, 31, 23, 59, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 3, 10, tzinfo=UTC)


@pytest.fixture
def context(database: Database) -> Iterator[Context]:
    """A worker's surroundings."""
    made = make_context(database.settings(), clock=FixedClock(NOW))
    yield made
    made.engine.dispose()


@pytest.mark.requirement("CLEAN-4")
def test_a_row_that_is_not_final_keeps_its_payload(context: Context, database: Database) -> None:
    with database.connect() as connection:
        connection.execute("SELECT bursar.ensure_payload_month(%s)", [OLD.date()])
        kept = store_event(connection, probe("cus_dead"), now=OLD)
        connection.execute("UPDATE bursar.inbox SET state = 'dead', error = 'x', fingerprint = 'x' WHERE id = %s", [kept])
        gone = store_event(connection, probe("cus_done"), now=OLD)
        connection.execute("UPDATE bursar.inbox SET state = 'done', done_at = %s WHERE id = %s", [OLD, gone])
        recent = store_event(connection, probe("cus_recent"), now=NOW)
    result = retention(context, NOW)
    assert result["months_dropped_and_payloads_kept"] == {"2025_01": 1}
    with database.connect() as connection:
        left = connection.execute("SELECT array_agg(inbox_id ORDER BY inbox_id) FROM bursar.inbox_payload").fetchone()
    assert left == ([kept, recent],)
    assert retention(context, NOW)["months_dropped_and_payloads_kept"] == {}


def test_deliveries_go_first(context: Context, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_TRIES", 2)
    with database.connect() as connection, database.connect(autocommit=False) as receiver:
        connection.execute("SELECT bursar.ensure_payload_month(%s)", [OLD.date()])
        store_event(receiver, probe("cus_1"), now=NOW)
        assert retention(context, NOW)["months_busy"] == ["2025_01"]
        receiver.commit()
        assert retention(context, NOW)["months_dropped_and_payloads_kept"] == {"2025_01": 0}


@pytest.mark.requirement("CLEAN-4")
def test_months_are_there_over_the_turn_of_the_year(context: Context) -> None:
    made = make_payload_months(context, datetime(2026, 11, 30, 1, 0, tzinfo=UTC))
    assert made["months"] == ["inbox_payload_2026_11", "inbox_payload_2026_12", "inbox_payload_2027_01", "inbox_payload_2027_02"]


def test_transmissions_go_when_their_ids_cannot_be_used_again(context: Context, database: Database) -> None:
    insert = "INSERT INTO bursar.transmission VALUES ('paypal', %s, 'WH-1', sha256('x'), %s)"
    with database.connect() as connection:
        connection.execute(insert, ["old", NOW - timedelta(days=30)])
        connection.execute(insert, ["young", NOW - timedelta(days=3)])
        assert retention(context, NOW)["transmissions_dropped"] == 1
        assert connection.execute("SELECT transmission_id FROM bursar.transmission").fetchall() == [("young",)]


@pytest.mark.requirement("CLEAN-4")
def test_a_payload_that_was_kept_goes_once_its_row_is_final(context: Context, database: Database) -> None:
    final = "UPDATE bursar.inbox SET state = 'done', done_at = %s, error = NULL, fingerprint = NULL WHERE id = %s"
    with database.connect() as connection:
        connection.execute("SELECT bursar.ensure_payload_month(%s)", [OLD.date()])
        kept, mended, held = (_dead(connection, f"cus_{number}") for number in range(3))
        assert retention(context, NOW)["kept_payloads_dropped"] == 0
        for row_id in (mended, held):
            connection.execute(final, [NOW, row_id])
        with database.connect(autocommit=False) as replaying:
            replaying.execute("SELECT FROM bursar.inbox WHERE id = %s FOR UPDATE", [held])
            assert retention(context, NOW)["kept_payloads_dropped"] == 1
        assert retention(context, NOW)["kept_payloads_dropped"] == 1
        assert connection.execute("SELECT inbox_id FROM bursar.inbox_payload").fetchall() == [(kept,)]


def _dead(connection: psycopg.Connection[Any], name: str) -> int:
    row_id = store_event(connection, probe(name), now=OLD)
    connection.execute("UPDATE bursar.inbox SET state = 'dead', error = 'x', fingerprint = 'x' WHERE id = %s", [row_id])
    return row_id


@pytest.mark.requirement("CLEAN-4")
def test_of_the_calls_only_old_mails_and_look_ups_that_were_made_go(context: Context, database: Database) -> None:
    insert = """INSERT INTO bursar.outbox (kind, key, queue, lane, payload, state, created_at, fair_at, next_at, done_at, error,
                                           fingerprint)
                VALUES (%(kind)s, %(key)s, 'payments', 'l', '{}', %(state)s, %(at)s, %(at)s, %(at)s, %(done)s, 'x', 'x')"""
    old, young = NOW - timedelta(days=451), NOW - timedelta(days=449)
    rows = [
        ("mail.send", "old mail", "done", old), ("stripe.fetch", "old look-up", "done", old), ("mail.send", "young", "done", young),
        ("stripe.charge", "money", "done", old), ("mail.send", "dead", "dead", old), ("mail.send", "waits", "waiting", old),
    ]  # fmt: skip
    with database.connect() as connection:
        for kind, key, state, at in rows:
            bound = {"kind": kind, "key": key, "state": state, "at": at, "done": at if state == "done" else None}
            connection.execute(insert, bound)
        assert retention(context, NOW)["calls_dropped"] == 2
        left = {row[0] for row in connection.execute("SELECT key FROM bursar.outbox")}
        assert left == {"young", "money", "dead", "waits"}


def test_chunk_after_chunk_goes_until_the_young_ones_begin(
    context: Context, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "_CHUNK", 3)
    conflict = "INSERT INTO bursar.inbox_conflict (source, event_id, sha256, received_at, headers, body) VALUES ('s', %s, '', %s, '', '')"
    slot = "INSERT INTO bursar.schedule_slot (job, slot_at, state, queue, done_at) VALUES (%s, %s, %s, 'maintenance', %s)"
    with database.connect() as connection:
        for number in range(10):
            at = NOW - timedelta(days=405 - number)
            connection.execute(conflict, [f"e{number}", at])
            for job, age in (("sweep", 3 + number), ("verify_audit", 85 + number)):
                state = "failed" if number == 9 else "done"
                connection.execute(slot, [job, NOW - timedelta(days=age), state, at])
        result = retention(context, NOW)
        assert (result["conflicts_dropped"], result["slots_dropped"], result["more"]) == (5, 4 + 3, False)
        again = retention(context, NOW)
        assert (again["conflicts_dropped"], again["slots_dropped"]) == (0, 0)


@pytest.mark.requirement("CLEAN-4", "INBOX-1")
def test_the_door_answers_while_a_month_goes(context: Context, database: Database) -> None:
    """A reader holds the month for a while: retention asks again and again, and no delivery waits longer than one of its tries."""
    waits: list[float] = []
    done = threading.Event()

    def deliver() -> None:
        with database.connect(options="-c role=bursar_app -c lock_timeout=1000") as door:
            while not done.is_set():
                began_s = monotonic_s()
                store_event(door, probe("cus_1"), now=NOW)
                waits.append(monotonic_s() - began_s)

    with database.connect() as connection, database.connect(autocommit=False) as reader:
        for month in (OLD, NOW):
            connection.execute("SELECT bursar.ensure_payload_month(%s)", [month.date()])
        store_event(connection, probe("cus_old"), now=OLD)
        reader.execute("SELECT FROM bursar.inbox_payload")
        with ThreadPoolExecutor(2) as pool:
            delivering, dropping = pool.submit(deliver), pool.submit(retention, context, NOW)
            wait_until(lambda: len(waits) > 5 or delivering.done(), what="deliveries beside the waiting retention")
            reader.rollback()
            result = dropping.result(60)
            done.set()
            delivering.result(60)
    assert (result["months_dropped_and_payloads_kept"], result["months_busy"]) == ({"2025_01": 1}, [])


def test_what_became_of_mails_goes_with_its_age(context: Context, database: Database) -> None:
    with database.connect() as connection:
        for number, at in enumerate((OLD - timedelta(days=400), NOW)):
            connection.execute(
                """INSERT INTO bursar.mail (key, reference, name, language, address_sha256, fate, tries, created_at, fate_at)
                   VALUES (%s, %s, 'receipt', 'en', %s, 'sent', 1, %s, %s)""",
                [f"k{number}", f"{number:032x}", bytes(32), at, at],
            )
            connection.execute(
                "INSERT INTO bursar.mail_report (sha256, kind, received_at) VALUES (%s, 'other', %s)", [bytes([number]) * 32, at]
            )
        result = retention(context, NOW)
        assert (result["mails_dropped"], result["mail_reports_dropped"]) == (1, 1)
        assert connection.execute("SELECT key FROM bursar.mail").fetchall() == [("k1",)]
