"""When scheduled payouts are due: month ends, zones, and no date twice or left out (PAYOUT-2)."""

from __future__ import annotations

import calendar
import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.payout_schedule import Schedule, ScheduleError, next_due, turn_of

ZONES = ("UTC", "Europe/Bucharest", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati")
INSTANTS = st.integers(0, 15 * 365 * 86_400).map(lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


def dates(schedule: Schedule, after: datetime, count: int) -> list[date]:
    found = []
    for _ in range(count):
        due = next_due(schedule, after)
        assert due is not None
        assert due > after
        found.append(turn_of(due, schedule.zone))
        after = due
    return found


@pytest.mark.requirement("PAYOUT-2")
def test_the_31st_is_the_last_day_where_there_is_none_and_comes_back() -> None:
    found = dates(Schedule("monthly", 31, "Europe/Bucharest"), datetime(2027, 12, 31, 12, tzinfo=UTC), 6)
    assert found == [date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31), date(2028, 4, 30), date(2028, 5, 31), date(2028, 6, 30)]


@pytest.mark.requirement("PAYOUT-2")
@given(INSTANTS, st.integers(1, 31), st.sampled_from(ZONES))
def test_each_month_has_one_date(after: datetime, day: int, zone: str) -> None:
    found = dates(Schedule("monthly", day, zone), after, 15)
    months = [one.year * 12 + one.month for one in found]
    assert months == list(range(months[0], months[0] + 15))
    assert all(one.day == min(day, calendar.monthrange(one.year, one.month)[1]) for one in found)


@pytest.mark.requirement("PAYOUT-2")
@given(INSTANTS, st.integers(1, 7), st.sampled_from(ZONES))
def test_each_week_has_one_date(after: datetime, day: int, zone: str) -> None:
    found = dates(Schedule("weekly", day, zone), after, 8)
    assert {one.isoweekday() for one in found} == {day}
    assert {later - earlier for earlier, later in itertools.pairwise(found)} == {timedelta(days=7)}
    assert timedelta(0) <= found[0] - after.astimezone(ZoneInfo(zone)).date() <= timedelta(days=7)


@pytest.mark.requirement("PAYOUT-2")
@given(INSTANTS, st.integers(1, 31), st.sampled_from(ZONES))
def test_it_is_the_account_s_own_morning(after: datetime, day: int, zone: str) -> None:
    due = next_due(Schedule("monthly", day, zone), after)
    assert due is not None
    assert due.astimezone(ZoneInfo(zone)).hour == 6


def test_a_manual_schedule_has_no_dates() -> None:
    assert next_due(Schedule("manual"), datetime(2027, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("every", "day", "zone"),
    [("weekly", 8, "UTC"), ("weekly", None, "UTC"), ("monthly", 0, "UTC"), ("monthly", 32, "UTC"), ("manual", 1, "UTC"),
     ("weekly", 1, "Mars/Olympus"), ("weekly", 1, "../etc/passwd"), ("weekly", 1, "Europe")],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(every: str, day: int | None, zone: str) -> None:
    with pytest.raises(ScheduleError):
        Schedule(every, day, zone)  # type: ignore[arg-type]
