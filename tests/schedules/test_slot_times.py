"""Slots are the same on every host, one per local date over DST, none forgotten."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.slot_times import between, local_instant, newest
from schedules.slots import due
from schedules.table import TABLE, Daily, Run

BUCHAREST = "Europe/Bucharest"  # clocks go forward at 03:00 on 2026-03-29 and back at 04:00 on 2026-10-25


def run(every: timedelta | Daily, late: str = "catch_up") -> Run:
    """A run for these tests."""
    return Run("job", "maintenance", every, late, "a test")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at", "day", "instant"),
    [
        (time(2, 30), date(2026, 3, 28), datetime(2026, 3, 28, 0, 30, tzinfo=UTC)),
        (time(3, 30), date(2026, 3, 29), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),  # skipped: first valid instant after
        (time(3, 30), date(2026, 10, 25), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # twice: the first
        (time(23, 59), date(2026, 12, 31), datetime(2026, 12, 31, 21, 59, tzinfo=UTC)),
    ],
)
def test_a_local_time_is_one_instant_per_date(at: time, day: date, instant: datetime) -> None:
    assert local_instant(Daily(at, BUCHAREST), day) == instant


def test_a_year_has_one_slot_per_local_date() -> None:
    daily = run(Daily(time(3, 30), BUCHAREST))
    slots = list(between(daily, datetime(2025, 12, 31, 12, tzinfo=UTC), datetime(2026, 12, 31, 12, tzinfo=UTC)))
    assert len(slots) == 365
    assert all(timedelta(hours=22) <= b - a <= timedelta(hours=26) for a, b in pairwise(slots))


@given(
    st.sampled_from(
        [
            timedelta(seconds=10),
            timedelta(minutes=7),
            Daily(time(3, 30), BUCHAREST),
            Daily(time(0, 0), "America/Santiago"),
        ]
    ),
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # Hypothesis adds the zone
    st.timedeltas(timedelta(0), timedelta(hours=30)),
    st.timedeltas(timedelta(0), timedelta(hours=30)),
)
def test_two_looks_see_what_one_look_sees(
    every: timedelta | Daily, start: datetime, first: timedelta, second: timedelta
) -> None:
    job, middle, end = run(every), start + first, start + first + second
    assert [*between(job, start, middle), *between(job, middle, end)] == list(between(job, start, end))
    assert newest(job, end) <= end
    assert list(between(job, newest(job, end), end)) == []


def test_missed_slots_are_caught_up_or_skipped_as_declared() -> None:
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    last = now - timedelta(days=3)
    assert due(run(timedelta(days=1)), last, now) == [datetime(2026, 3, day, tzinfo=UTC) for day in (8, 9, 10)]
    assert due(run(timedelta(days=1), "skip"), last, now) == [datetime(2026, 3, 10, tzinfo=UTC)]
    assert due(run(timedelta(days=1)), None, now) == [datetime(2026, 3, 10, tzinfo=UTC)]
    assert due(run(timedelta(days=1), "skip"), now, now - timedelta(hours=1)) == [], (
        "a clock that went back makes nothing"
    )


def test_the_table_names_each_job_once() -> None:
    jobs = [row.job for row in TABLE]
    assert len(jobs) == len(set(jobs))
