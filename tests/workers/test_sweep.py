"""The sweep on real PostgreSQL: it takes turns with nobody but sweeps, and no slot of a run is given back for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from models import migrate
from tests.factories.inbox import NOW
from tests.harness.cluster import Database
from workers.context import Context
from workers.hints import Hinter
from workers.sweep import sweep

_SLOT = """INSERT INTO bursar.schedule_slot (job, slot_at, state, queue, token, lease_until, attempts, ready_at)
           VALUES ('seal_audit', %s, %s, 'maintenance', %s, %s, %s, clock_timestamp() - interval '1 minute')"""
_TOKEN = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def hinter(context: Context) -> Iterator[Hinter]:
    """A real one."""
    made = Hinter(context.settings.broker_url.get_secret_value())
    yield made
    made.close()


@pytest.mark.requirement("INBOX-15")
def test_the_sweep_goes_on_while_a_migration_runs(context: Context, database: Database, hinter: Hinter) -> None:
    with database.connect() as migrating:
        migrating.execute("SELECT pg_advisory_lock(%s)", [migrate._TURNS])
        assert sweep(context, hinter).held


def test_a_run_that_kills_its_worker_is_given_back_twice_and_then_failed(
    context: Context, database: Database, hinter: Hinter
) -> None:
    with database.connect() as connection:
        for attempts, after in ((1, "due"), (2, "due"), (3, "failed")):
            connection.execute("DELETE FROM bursar.schedule_slot")
            connection.execute(_SLOT, [NOW, "running", _TOKEN, NOW - timedelta(days=1), attempts])
            sweep(context, hinter)
            row = connection.execute("SELECT state, token, error, done_at FROM bursar.schedule_slot").fetchone()
            assert row is not None
            assert row[:2] == (after, None)
            assert (row[3] is None) == (after == "due")
            assert "worker died" in row[2]


def test_slots_that_wait_too_long_are_late_work_of_their_queue(
    context: Context, database: Database, hinter: Hinter
) -> None:
    with database.connect() as connection:
        connection.execute(_SLOT, [NOW, "due", None, None, 0])
        assert sweep(context, hinter).late == {"maintenance": 1}
