"""Slots in PostgreSQL: two beats are harmless, a run runs once, a failed one is tried again and then says so."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.clock import FixedClock
from schedules import slots as slots_module
from schedules.slots import tick
from schedules.table import TABLE, Run
from tests.harness.cluster import Database
from workers import slots
from workers.context import Context, make_context
from workers.hints import Hinter
from workers.routing import load
from workers.slots import RunFailedError

NOW = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
EVERY_MINUTE = Run("seal_audit", "maintenance", timedelta(minutes=1), "catch_up", "a test")


@pytest.fixture
def clock() -> FixedClock:
    """The business's clock."""
    return FixedClock(NOW)


@pytest.fixture
def context(database: Database, clock: FixedClock) -> Iterator[Context]:
    """A worker's surroundings."""
    made = make_context(database.settings(), clock=clock)
    yield made
    made.engine.dispose()


@pytest.fixture
def hinter(context: Context) -> Iterator[Hinter]:
    """A real one."""
    made = Hinter(context.settings.broker_url.get_secret_value())
    yield made
    made.close()


def slot_rows(database: Database) -> list[tuple[Any, ...]]:
    """All slots."""
    with database.connect() as connection:
        return connection.execute(
            "SELECT job, slot_at, state, attempts FROM bursar.schedule_slot ORDER BY slot_at"
        ).fetchall()


@pytest.fixture
def missed(context: Context, hinter: Hinter, clock: FixedClock, database: Database) -> Callable[[int], list[str]]:
    """Makes a slot for now and for each of so many minutes that nobody ticked; when they were."""

    def made(minutes: int) -> list[str]:
        tick(context, hinter, [EVERY_MINUTE])
        clock.move_to(NOW + timedelta(minutes=minutes))
        tick(context, hinter, [EVERY_MINUTE])
        return [row[1].isoformat() for row in slot_rows(database)]

    return made


@pytest.mark.requirement("INBOX-15")
def test_two_beats_make_each_slot_once(context: Context, hinter: Hinter, database: Database) -> None:
    made: list[int] = []
    beats = [threading.Thread(target=lambda: made.append(tick(context, hinter))) for _ in range(4)]
    for beat in beats:
        beat.start()
    for beat in beats:
        beat.join()
    assert sum(made) == len(TABLE) == len(slot_rows(database))


def test_beat_down_for_three_hours_makes_each_missed_slot_once(
    context: Context, hinter: Hinter, clock: FixedClock
) -> None:
    assert tick(context, hinter, [EVERY_MINUTE]) == 1
    clock.move_to(NOW + timedelta(hours=3))
    assert tick(context, hinter, [EVERY_MINUTE]) == 180
    assert tick(context, hinter, [EVERY_MINUTE]) == 0


def test_a_slot_runs_once_whoever_asks(context: Context, hinter: Hinter, database: Database) -> None:
    tick(context, hinter, [EVERY_MINUTE])
    slot_at = "2026-03-01T12:00:00+00:00"
    assert slots.run(context, "maintenance", "seal_audit", slot_at).startswith("seal_audit")
    assert slots.run(context, "maintenance", "seal_audit", slot_at) == "not due"
    assert [row[2] for row in slot_rows(database)] == ["done"]


def test_slots_of_one_job_run_one_after_the_other(
    context: Context, database: Database, missed: Callable[[int], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missed slots are caught up in turn: while one runs, no other one of its job is claimed, earlier or later."""
    first, second, third = missed(2)
    said: list[str] = []

    def nested(context: Context, slot_at: datetime) -> Mapping[str, Any]:
        said.extend(slots.run(context, "maintenance", "seal_audit", other) for other in (first, third))
        return {}

    monkeypatch.setattr(load("tasks.maintenance.runs"), "seal_audit", nested)
    slots.run(context, "maintenance", "seal_audit", second)
    assert said == ["not due"] * 2
    monkeypatch.undo()
    for other in (first, third):
        assert slots.run(context, "maintenance", "seal_audit", other).startswith("seal_audit")
    assert [row[2] for row in slot_rows(database)] == ["done"] * 3


def test_of_slots_of_one_job_that_are_claimed_at_one_moment_one_runs(
    context: Context, missed: Callable[[int], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs until all others were told: two at once would wait for each other."""
    told, begin = threading.Semaphore(0), threading.Barrier(8)

    def patient(context: Context, slot_at: datetime) -> Mapping[str, Any]:
        return {"others": sum(told.acquire(timeout=20) for _ in range(7))}

    monkeypatch.setattr(load("tasks.maintenance.runs"), "seal_audit", patient)
    said: list[str] = []

    def claim(slot_at: str) -> None:
        begin.wait(20)
        said.append(slots.run(context, "maintenance", "seal_audit", slot_at))
        told.release()

    claims = [threading.Thread(target=claim, args=[slot_at]) for slot_at in missed(7)]
    for one in claims:
        one.start()
    for one in claims:
        one.join()
    assert sorted(said) == ["not due"] * 7 + ["seal_audit: {'others': 7}"]


def test_a_failing_run_is_tried_three_times_and_then_failed(
    context: Context, hinter: Hinter, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(context: Context, slot_at: datetime) -> Mapping[str, Any]:
        raise ValueError("no luck")

    monkeypatch.setattr(load("tasks.maintenance.runs"), "seal_audit", broken)
    tick(context, hinter, [EVERY_MINUTE])
    for attempt in (1, 2, 3):
        with pytest.raises(RunFailedError, match="no luck"):
            slots.run(context, "maintenance", "seal_audit", "2026-03-01T12:00:00+00:00")
        assert [row[2:] for row in slot_rows(database)] == [("failed" if attempt == 3 else "due", attempt)]


@pytest.mark.parametrize("run", TABLE, ids=lambda run: run.job)
def test_every_run_of_the_table_runs(context: Context, hinter: Hinter, database: Database, run: Run) -> None:
    tick(context, hinter, [run])
    ((job, slot_at, _, _),) = slot_rows(database)
    assert slots.run(context, run.queue, job, slot_at.isoformat()).startswith(job)


def test_a_clock_that_jumped_ahead_and_back_stops_no_run(
    context: Context, hinter: Hinter, clock: FixedClock
) -> None:
    clock.move_to(NOW + timedelta(days=3650))
    assert tick(context, hinter, [EVERY_MINUTE]) == 1
    clock.move_to(NOW)
    assert tick(context, hinter, [EVERY_MINUTE]) == 1
    clock.move_to(NOW + timedelta(minutes=2))
    assert tick(context, hinter, [EVERY_MINUTE]) == 2


def test_slots_of_a_skipping_run_do_not_pile_up_while_nobody_works(
    context: Context, hinter: Hinter, clock: FixedClock, database: Database
) -> None:
    run = Run("seal_audit", "maintenance", timedelta(minutes=1), "skip", "a test")
    for minutes in range(5):
        clock.move_to(NOW + timedelta(minutes=minutes))
        tick(context, hinter, [run])
    assert [row[2] for row in slot_rows(database)] == ["skipped"] * 4 + ["due"]


def test_a_slot_that_failed_once_is_not_skipped_but_tried_to_its_end(
    context: Context, hinter: Hinter, clock: FixedClock, database: Database
) -> None:
    run = Run("seal_audit", "maintenance", timedelta(minutes=1), "skip", "a test")
    tick(context, hinter, [run])
    with database.connect() as connection:
        connection.execute("UPDATE bursar.schedule_slot SET attempts = 1")
    clock.move_to(NOW + timedelta(minutes=1))
    tick(context, hinter, [run])
    assert [row[2] for row in slot_rows(database)] == ["due", "due"]


def test_a_quarter_of_slots_costs_a_tick_nothing(context: Context, hinter: Hinter, database: Database) -> None:
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO bursar.schedule_slot (job, slot_at, state, queue, done_at) "
            "SELECT 'sweep', %(now)s - n * interval '10 seconds', 'done', 'maintenance', %(now)s FROM generate_series(1, 100000) n",
            {"now": NOW},
        )
        connection.execute("ANALYZE bursar.schedule_slot")
        skipping = {"newest_only": json.dumps([{"job": "sweep", "slot_at": NOW.isoformat()}]), "slots": "[]"}
        looked = {"jobs": '["sweep", "seal_audit"]'}
        for sql, bound in ((slots_module._SEEN, looked), (slots_module._MAKE, skipping)):
            plan = connection.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + sql, bound | {"now": NOW}).fetchone()
            assert plan is not None
            assert plan[0][0]["Plan"]["Shared Hit Blocks"] + plan[0][0]["Plan"]["Shared Read Blocks"] < 50
