"""Periods neither drift nor overlap, whatever the month, the leap year or the zone's summer time (SUB-13)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.cycle import Cycle

_ZONES = ("UTC", "Europe/Bucharest", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca")


def _days(cycle: Cycle, zone_hours: int, numbers: range) -> list[str]:
    return [(cycle.boundary(n) + timedelta(hours=zone_hours)).date().isoformat() for n in numbers]


@pytest.mark.requirement("SUB-13")
def test_the_31st_comes_back_after_short_months() -> None:
    cycle = Cycle(datetime(2027, 1, 31, 9, tzinfo=UTC), "UTC", "month", 1)
    assert _days(cycle, 0, range(6)) == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31", "2027-06-30"]


@pytest.mark.requirement("SUB-13")
def test_a_yearly_29_february_is_the_28th_until_the_next_leap_year() -> None:
    cycle = Cycle(datetime(2028, 2, 29, 9, tzinfo=UTC), "UTC", "year", 1)
    assert _days(cycle, 0, range(5)) == ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]


@pytest.mark.requirement("SUB-13")
def test_local_time_stays_over_summer_time_and_a_skipped_time_is_the_first_after_the_gap() -> None:
    # In Bucharest the clock went from 3:00 to 4:00 on 28 March 2027, and back on 31 October.
    monthly = Cycle(datetime(2027, 2, 28, 1, 30, tzinfo=UTC), "Europe/Bucharest", "month", 1)
    assert monthly.boundary(1) == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
    assert monthly.boundary(2) == datetime(2027, 4, 28, 0, 30, tzinfo=UTC)
    assert monthly.boundary(9) == datetime(2027, 11, 28, 1, 30, tzinfo=UTC)


@pytest.mark.requirement("SUB-13", "SUB-1")
@given(
    anchor=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # Hypothesis wants naive bounds
    zone=st.sampled_from(_ZONES),
    unit=st.sampled_from(("day", "week", "month", "year")),
    count=st.integers(1, 24),
    number=st.integers(-30, 60),
)
def test_boundaries_rise_and_each_instant_has_one_period(anchor: datetime, zone: str, unit: str, count: int, number: int) -> None:
    cycle = Cycle(anchor, zone, unit, count)  # type: ignore[arg-type]
    begin, end = cycle.boundary(number), cycle.boundary(number + 1)
    assert begin < end
    assert cycle.number_at(begin) == number
    assert cycle.number_at(end - timedelta(microseconds=1)) == number
