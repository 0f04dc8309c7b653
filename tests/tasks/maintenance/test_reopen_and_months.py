"""Runs that meet old rows: ignored events whose bytes are gone, and months whose rows came before their partition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from core.clock import FixedClock
from tasks.maintenance import runs
from tasks.maintenance.runs import make_payload_months, reopen_ignored
from tests.factories.inbox import NOW, inbox_row, store_event
from tests.harness.cluster import Database
from tests.harness.probe import probe
from workers.context import Context, make_context


@pytest.fixture
def context(database: Database) -> Iterator[Context]:
    """A worker's surroundings."""
    made = make_context(database.settings(), clock=FixedClock(NOW))
    yield made
    made.engine.dispose()


@pytest.mark.requirement("INBOX-7")
def test_an_ignored_event_is_opened_only_while_its_bytes_are_there(context: Context, database: Database) -> None:
    columns = {"source": "stripe", "event_type": "invoice.paid", "state": "ignored", "reason": "no handler"}
    with database.connect() as connection:
        gone = [store_event(connection, probe("in_1"), **columns) for _ in range(2)]
        there = store_event(connection, probe("in_2"), **columns)
        other_mode = store_event(connection, probe("in_3"), **(columns | {"reason": "livemode"}))
        connection.execute("DELETE FROM bursar.inbox_payload WHERE inbox_id = ANY(%s)", [gone])
        assert reopen_ignored(context, NOW) == {"opened": 1}
        assert inbox_row(connection, there)["state"] == "received"
        assert inbox_row(connection, there)["fair_at"] == NOW
        assert {inbox_row(connection, row_id)["state"] for row_id in (*gone, other_mode)} == {"ignored"}


@pytest.mark.requirement("INBOX-7")
def test_only_the_newest_of_a_kind_are_looked_at(
    context: Context, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_LOOKED_AT", 2)
    columns = {"source": "stripe", "event_type": "invoice.paid", "state": "ignored", "reason": "no handler"}
    with database.connect() as connection:
        old, *newer = [store_event(connection, probe(f"in_{number}"), **columns) for number in range(3)]
        livemode = [store_event(connection, probe("in_9"), **(columns | {"reason": "livemode"})) for _ in range(3)]
        connection.execute("DELETE FROM bursar.inbox_payload WHERE inbox_id = ANY(%s)", [newer])
        assert reopen_ignored(context, NOW) == {"opened": 0}
        connection.execute("DELETE FROM bursar.inbox WHERE id = ANY(%s)", [newer])
        assert reopen_ignored(context, NOW) == {"opened": 1}
        assert inbox_row(connection, old)["state"] == "received"
        assert {inbox_row(connection, row_id)["state"] for row_id in livemode} == {"ignored"}


_INSERT = "INSERT INTO bursar.inbox_payload SELECT n, %s, '{}', 'x' FROM generate_series(%s::bigint, %s) AS n"
_LIES_IN = "SELECT relname, count(*) FROM bursar.inbox_payload p JOIN pg_class c ON c.oid = p.tableoid GROUP BY 1 ORDER BY 1"


@pytest.mark.requirement("CLEAN-4")
def test_rows_that_came_before_their_month_was_made_are_moved_into_it(context: Context, database: Database) -> None:
    december, other = datetime(2031, 12, 5, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC)
    with database.connect() as connection:
        connection.execute(_INSERT, [december, 1, 300])
        connection.execute(_INSERT, [other, 301, 302])
        made = make_payload_months(context, datetime(2031, 11, 30, tzinfo=UTC))
        assert made["months"] == [f"inbox_payload_{name}" for name in ("2031_11", "2031_12", "2032_01", "2032_02")]
        assert made["moved_out_of_default"] == 300
        lies_in = connection.execute(_LIES_IN).fetchall()
        connection.execute(_INSERT, [december, 400, 400])
        again = make_payload_months(context, datetime(2031, 11, 30, tzinfo=UTC))
        assert lies_in == [("inbox_payload_2031_12", 300), ("inbox_payload_default", 2)]
        assert connection.execute(_LIES_IN).fetchall()[0] == ("inbox_payload_2031_12", 301)
        assert again == {"months": made["months"], "months_busy": [], "moved_out_of_default": 0}


@pytest.mark.requirement("CLEAN-4")
def test_rows_that_come_while_the_first_are_copied_are_moved_too(database: Database) -> None:
    december = datetime(2031, 12, 5, tzinfo=UTC)
    with database.connect() as connection:
        connection.execute(_INSERT, [december, 11, 20])
        assert connection.execute("SELECT bursar.copy_payload_month('2031-12-01', 6)").fetchone() == (6,)
        # An id below the ones that were copied: its transaction took longer.
        connection.execute(_INSERT, [december, 10, 10])
        connection.execute("SELECT bursar.ensure_payload_month('2031-12-01')")
        assert connection.execute(_LIES_IN).fetchall() == [("inbox_payload_2031_12", 11)]
        ids = connection.execute("SELECT array_agg(inbox_id ORDER BY inbox_id) FROM bursar.inbox_payload").fetchone()
        assert ids == (list(range(10, 21)),)


def test_a_copy_that_is_not_whole_moves_nothing(database: Database) -> None:
    december = datetime(2031, 12, 5, tzinfo=UTC)
    with database.connect() as connection:
        connection.execute(_INSERT, [december, 1_000_000, 1_000_001])
        connection.execute("SELECT bursar.copy_payload_month('2031-12-01', 1000)")
        connection.execute(_INSERT, [december, 1, 1])  # far below, as no transaction of ours can be
        with pytest.raises(psycopg.errors.RaiseException, match=r"3 payloads of inbox_payload_2031_12 are .*, but 2 were copied"):
            connection.execute("SELECT bursar.ensure_payload_month('2031-12-01')")
        assert connection.execute(_LIES_IN).fetchall() == [("inbox_payload_default", 3)]


def test_a_month_is_made_while_the_door_stores_into_another(context: Context, database: Database) -> None:
    with database.connect(autocommit=False) as receiver:
        store_event(receiver, probe("in_1"), now=datetime(2026, 11, 1, tzinfo=UTC))
        made = make_payload_months(context, datetime(2031, 11, 30, tzinfo=UTC))
        assert len(made["months"]) == 4
