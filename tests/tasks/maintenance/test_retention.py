"""Retention: payload months past their age go, what is not final stays readable, transmissions go when they are of no use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from core.clock import FixedClock
from tasks.maintenance.runs import make_payload_months, retention
from tests.factories.inbox import store_event
from tests.harness.cluster import Database
from tests.harness.probe import probe
from workers.batch import read
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
    with context.engine.begin() as engine:
        bodies = {row.id: row.body is not None for row in read(engine, [kept, gone, recent])}
    assert bodies == {kept: True, gone: False, recent: True}
    assert retention(context, NOW)["months_dropped_and_payloads_kept"] == {}


def test_deliveries_go_first(context: Context, database: Database) -> None:
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
