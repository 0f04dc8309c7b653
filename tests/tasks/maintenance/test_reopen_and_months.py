"""Runs that meet old rows: ignored events whose bytes are gone, and months whose rows came before their partition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from core.clock import FixedClock
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


@pytest.mark.requirement("CLEAN-4")
def test_a_month_whose_rows_came_first_does_not_stop_the_later_months(context: Context, database: Database) -> None:
    with database.connect() as connection:
        connection.execute("INSERT INTO bursar.inbox_payload VALUES (1, '2031-12-05T00:00Z', '{}', 'x')")
    made = make_payload_months(context, datetime(2031, 11, 30, tzinfo=UTC))
    assert made == {
        "months": ["inbox_payload_2031_11", "inbox_payload_2032_01", "inbox_payload_2032_02"],
        "in_default": ["2031-12"],
    }
