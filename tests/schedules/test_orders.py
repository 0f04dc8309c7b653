"""What people order about runs: pause, stop, resume, run by hand; and what a jump of the clock does to runs that move money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from core.clock import FixedClock, Uptime
from schedules.clock_watch import watch
from schedules.slots import tick
from schedules.table import Daily, Run
from tasks.notifications.clock_jumps import tell_jumps
from tests.harness.cluster import Database
from workers import slot_orders, slots
from workers.context import Context, make_context
from workers.hints import Hinter
from workers.routing import load
from workers.slot_orders import Order
from workers.sweep import sweep

NOW = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
AT = "2026-03-01T12:00:00+00:00"
MINUTE = timedelta(minutes=1)
CATCH_UP = Run("seal_audit", "maintenance", MINUTE, "catch_up", "a test")
SKIP = Run("seal_audit", "maintenance", MINUTE, "skip", "a test")
MONEY = Run("refund_batches", "payments", MINUTE, "skip", "a test", money=True)
ANNA = Order("person:anna (operator)", "a test")


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


def states(database: Database, job: str = "seal_audit") -> list[str]:
    """Of all its slots, oldest first."""
    with database.connect() as connection:
        sql = "SELECT state FROM bursar.schedule_slot WHERE job = %s ORDER BY slot_at"
        return [row[0] for row in connection.execute(sql, [job])]


def audited(database: Database) -> list[str]:
    """The actions in the audit."""
    with database.connect() as connection:
        return [row[0] for row in connection.execute("SELECT action FROM bursar.audit ORDER BY id")]


@pytest.mark.requirement("AUDIT-1")
def test_a_paused_run_that_catches_up_loses_no_slot(context: Context, hinter: Hinter, clock: FixedClock, database: Database) -> None:
    tick(context, hinter, [CATCH_UP])
    slot_orders.pause(context, "seal_audit", None, ANNA)
    clock.move_to(NOW + 2 * MINUTE)
    tick(context, hinter, [CATCH_UP])
    assert states(database) == ["held"] * 3
    assert slots.run(context, "maintenance", "seal_audit", AT) == "not due"
    paused, going = slot_orders.resume(context, "seal_audit", ANNA)
    assert (paused, len(going), states(database)) == (True, 3, ["due"] * 3)
    assert audited(database) == ["schedule.pause", "schedule.resume"]


def test_a_pause_ends_by_itself_and_a_skipping_run_runs_its_newest(
    context: Context, hinter: Hinter, clock: FixedClock, database: Database
) -> None:
    slot_orders.pause(context, "seal_audit", NOW + 2 * MINUTE, ANNA)
    for minutes in range(3):
        clock.move_to(NOW + minutes * MINUTE)
        tick(context, hinter, [SKIP])
    assert states(database) == ["skipped", "skipped", "due"]


def test_by_hand_a_slot_runs_though_its_run_is_paused_and_never_twice(context: Context, hinter: Hinter, database: Database) -> None:
    slot_orders.pause(context, "seal_audit", None, ANNA)
    for was in ("new", "done"):
        assert slot_orders.run_by_hand(context, "maintenance", "seal_audit", NOW, ANNA, money=False) == was
        slots.run(context, "maintenance", "seal_audit", NOW.isoformat())
    tick(context, hinter, [CATCH_UP])
    assert states(database) == ["held", "done"], "what ran by hand is no sign that the slots before it were made"


class Long:
    """A run of `pages` pages of 10 items, one a turn."""

    def __init__(self, pages: int) -> None:
        self.left = 10 * pages

    def __call__(self, _context: Context, _slot_at: datetime) -> Mapping[str, Any]:
        self.left -= 10
        return {"items": 10, "failed": 0, "left": self.left, "more": self.left > 0}


def test_a_long_run_goes_on_turn_after_turn_and_its_next_slot_waits(
    context: Context, hinter: Hinter, clock: FixedClock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load("tasks.maintenance.runs"), "seal_audit", Long(5))
    tick(context, hinter, [SKIP])
    assert slots.turn(context, "maintenance", "seal_audit", AT).more
    clock.move_to(NOW + MINUTE)
    assert tick(context, hinter, [SKIP]) == 0, "a run that is at it does what its next slot would do"
    assert [slots.turn(context, "maintenance", "seal_audit", AT).more for _ in range(4)] == [True, True, True, False]
    with database.connect() as connection:
        row = connection.execute("SELECT state, attempts, turns, result FROM bursar.schedule_slot").fetchone()
    assert row is not None
    assert row[:3] == ("done", 1, 5)
    assert (row[3]["items"], row[3]["left"]) == (50, 0)
    assert tick(context, hinter, [SKIP]) == 1


def test_a_long_run_is_stopped_after_its_page_and_goes_on_where_it_was(
    context: Context, hinter: Hinter, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Long(3)

    def stopped_on_the_way(context: Context, slot_at: datetime) -> Mapping[str, Any]:
        slot_orders.stop(context, "seal_audit", ANNA)
        assert slot_orders.end_asked(context, "seal_audit", slot_at)
        return work(context, slot_at)

    tick(context, hinter, [SKIP])
    monkeypatch.setattr(load("tasks.maintenance.runs"), "seal_audit", stopped_on_the_way)
    assert not slots.turn(context, "maintenance", "seal_audit", AT).more
    assert states(database) == ["stopped"]
    monkeypatch.setattr(load("tasks.maintenance.runs"), "seal_audit", work)
    assert len(slot_orders.resume(context, "seal_audit", ANNA)[1]) == 1
    assert [slots.turn(context, "maintenance", "seal_audit", AT).more for _ in range(2)] == [True, False]
    assert (states(database), work.left) == (["done"], 0)


def test_a_run_that_was_stopped_does_not_go_on_when_its_worker_dies(context: Context, hinter: Hinter, database: Database) -> None:
    tick(context, hinter, [SKIP])
    with database.connect() as connection:
        connection.execute(
            """UPDATE bursar.schedule_slot SET state = 'running', token = gen_random_uuid(), attempts = 1,
                      lease_until = clock_timestamp() - interval '1 s'"""
        )
    slot_orders.stop(context, "seal_audit", ANNA)
    sweep(context, hinter)
    assert states(database) == ["stopped"]
    assert slots.run(context, "maintenance", "seal_audit", AT) == "not due"
    assert len(slot_orders.resume(context, "seal_audit", ANNA)[1]) == 1
    assert states(database) == ["due"]


def watched(context: Context, hinter: Hinter, uptime: Uptime | None) -> None:
    """A tick as real processes make it."""
    watch(context, uptime)
    tick(context, hinter, [SKIP, MONEY])


def test_after_a_jump_of_the_clock_money_waits_for_consent(
    context: Context, hinter: Hinter, clock: FixedClock, database: Database
) -> None:
    watched(context, hinter, Uptime("a", 100.0))
    clock.move_to(NOW + timedelta(hours=2))
    assert slots.run(context, "payments", "refund_batches", AT) == "not due", "a time that no tick has seen yet is no time for money"
    watched(context, hinter, Uptime("a", 105.0))
    assert (states(database), states(database, "refund_batches")) == (["skipped", "due"], ["skipped", "held"])
    assert slots.run(context, "payments", "refund_batches", "2026-03-01T14:00:00+00:00") == "not due"
    with context.engine.begin() as connection:
        assert tell_jumps(connection, ["ada@example.com", "ben@example.com"], clock.now()) == (1, 2)
        assert tell_jumps(connection, ["ada@example.com", "ben@example.com"], clock.now()) == (0, 0)
    jumps, going = slot_orders.consent(context, ANNA)
    assert [(jump["from_at"], jump["to_at"], jump["passed_s"]) for jump in jumps] == [(NOW, NOW + timedelta(hours=2), 5)]
    assert len(going) == 1
    assert slots.run(context, "payments", "refund_batches", "2026-03-01T14:00:00+00:00").startswith("refund_batches")
    assert audited(database) == ["schedule.consent"]
    assert slot_orders.consent(context, ANNA) == ([], [])


def test_a_mere_outage_asks_for_nothing(context: Context, hinter: Hinter, clock: FixedClock, database: Database) -> None:
    watched(context, hinter, Uptime("a", 100.0))
    clock.move_to(NOW + timedelta(days=3))
    watched(context, hinter, Uptime("a", 100.0 + 3 * 86400))
    assert states(database, "refund_batches") == ["skipped", "due"]


@pytest.mark.parametrize(("alive", "state"), [(False, "held"), (True, "due")])
def test_after_a_restart_of_the_host_only_a_sign_of_life_tells_an_outage_from_a_jump(
    context: Context, hinter: Hinter, clock: FixedClock, database: Database, alive: bool, state: str
) -> None:
    watched(context, hinter, Uptime("a", 100.0))
    with database.connect() as connection:
        connection.execute("UPDATE bursar.schedule_tick SET database_at = database_at - interval '5 hours'")
        if alive:
            connection.execute("INSERT INTO bursar.heartbeat VALUES ('payments', clock_timestamp() - interval '2 hours')")
    clock.move_to(NOW + timedelta(hours=5))
    watched(context, hinter, Uptime("b", 30.0))
    assert states(database, "refund_batches")[-1] == state


def test_a_clock_that_is_set_right_needs_no_consent_and_its_slots_run_when_their_time_comes(
    context: Context, hinter: Hinter, clock: FixedClock, database: Database
) -> None:
    watched(context, hinter, Uptime("a", 100.0))
    clock.move_to(NOW + timedelta(hours=2))
    watched(context, hinter, Uptime("a", 105.0))
    clock.move_to(NOW + MINUTE)
    watched(context, hinter, Uptime("a", 165.0))
    assert states(database, "refund_batches") == ["skipped", "due", "held"]
    for minutes in (2, 60, 119, 120):
        clock.move_to(NOW + minutes * MINUTE)
        watched(context, hinter, Uptime("a", 105.0 + 60 * minutes))
    assert set(states(database, "refund_batches")[:-1]) == {"skipped"}
    assert states(database, "refund_batches")[-1] == "due"


@pytest.mark.parametrize("first", [datetime(2027, 12, 30, tzinfo=UTC)])
def test_two_years_of_days_are_one_slot_each_over_dst_leap_days_and_ends_of_months(
    context: Context, hinter: Hinter, clock: FixedClock, database: Database, first: datetime
) -> None:
    run = Run("retention", "maintenance", Daily(time(3, 30), "Europe/Bucharest"), "catch_up", "a test")
    steps = (1, 1, 3, 1, 40, 1, 1, 120, 30, 2, 365, 1, 166)
    clock.move_to(first)
    tick(context, hinter, [run])
    for days in steps:
        clock.move_to(clock.now() + timedelta(days=days))
        tick(context, hinter, [run])
        tick(context, hinter, [run])
    with database.connect() as connection:
        sql = "SELECT (slot_at AT TIME ZONE 'Europe/Bucharest')::date FROM bursar.schedule_slot ORDER BY slot_at"
        dates = [row[0] for row in connection.execute(sql)]
    assert dates == [dates[0] + timedelta(days=n) for n in range(sum(steps) + 1)]
    assert {(2028, 2, 29), (2028, 1, 31), (2028, 3, 26), (2028, 10, 29)} <= {(day.year, day.month, day.day) for day in dates}
