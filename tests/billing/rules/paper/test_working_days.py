"""The deadline of an e-Factura by Regulation 1182/71 and Romanian holidays, and the plan by which ANAF is asked (TAX-3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.operations.romanian_holidays import romanian_holidays
from billing.rules.paper.poll_plan import MOST_A_DAY, local_day, next_poll, tomorrow
from billing.rules.paper.working_days import alarm, deadline, last_day, working_day_after

BUCHAREST = ZoneInfo("Europe/Bucharest")


def _last(issued: str, supplied: str | None = None) -> date:
    on = date.fromisoformat(issued)
    return last_day(on, date.fromisoformat(supplied) if supplied else on, romanian_holidays(on.year))


@pytest.mark.requirement("TAX-3")
@pytest.mark.parametrize(
    ("issued", "last", "why"),
    [
        ("2026-11-16", "2026-11-23", "Monday: Tuesday is day 1, the week-end does not count"),
        ("2026-11-20", "2026-11-27", "Friday: Monday is day 1"),
        ("2026-11-21", "2026-11-27", "issued on a Saturday"),
        ("2026-11-27", "2026-12-08", "Saint Andrew and the National Day fall on Monday and Tuesday"),
        ("2026-04-08", "2026-04-17", "Orthodox Good Friday and Easter Monday"),
        ("2026-05-28", "2026-06-05", "Pentecost Monday is Children's Day in that year"),
        ("2027-04-28", "2027-05-07", "Orthodox Easter 2 May 2027: Good Friday 30 April, Monday 3 May"),
        ("2026-12-29", "2027-01-08", "over New Year, Epiphany and Saint John"),
        ("2026-01-31", "2026-02-06", "31 January, a Saturday"),
        ("2025-01-31", "2025-02-07", "31 January, a Friday"),
        ("2028-02-25", "2028-03-03", "over 29 February"),
    ],
)  # fmt: skip
def test_five_working_days_after_the_issue(issued: str, last: str, why: str) -> None:
    assert _last(issued) == date.fromisoformat(last), why


@pytest.mark.requirement("TAX-3")
@pytest.mark.parametrize(
    ("issued", "supplied", "last"),
    [
        ("2026-03-16", "2026-01-31", "2026-02-20"),
        ("2026-03-10", "2026-02-28", "2026-03-17"),
        ("2026-03-20", "2026-02-01", "2026-03-20"),
        ("2027-01-20", "2026-12-31", "2027-01-22"),
    ],
)  # fmt: skip
def test_who_issues_after_the_15th_of_the_next_month_gains_no_time(issued: str, supplied: str, last: str) -> None:
    assert _last(issued, supplied) == date.fromisoformat(last)


@pytest.mark.requirement("TAX-3")
@pytest.mark.parametrize(
    ("issued", "ends"),
    [
        ("2026-03-23", datetime(2026, 3, 30, 21, 0, tzinfo=UTC)),  # the clock went forward on the 29th: midnight is 21:00 UTC
        ("2026-03-20", datetime(2026, 3, 27, 22, 0, tzinfo=UTC)),
        ("2026-10-19", datetime(2026, 10, 26, 22, 0, tzinfo=UTC)),  # it went back on the 25th
        ("2026-10-16", datetime(2026, 10, 23, 21, 0, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_the_last_day_ends_at_midnight_in_romania_whatever_the_clocks_do(issued: str, ends: datetime) -> None:
    on = date.fromisoformat(issued)

    assert deadline(on, on, romanian_holidays(on.year)) == ends


@pytest.mark.requirement("TAX-3")
def test_operators_are_told_on_the_morning_of_the_third_working_day() -> None:
    on = date(2026, 4, 8)

    told = alarm(on, on, romanian_holidays(2026)).astimezone(BUCHAREST)

    assert (told.date(), told.hour) == (date(2026, 4, 15), 8)


@pytest.mark.requirement("TAX-3")
@settings(max_examples=40)
@given(st.dates(date(2024, 1, 1), date(2045, 12, 31)), st.integers(0, 400))
def test_the_deadline_is_a_working_day_and_the_alarm_comes_before_it(issued: date, earlier: int) -> None:
    supplied = issued - timedelta(days=earlier)
    holidays = romanian_holidays(min(issued, supplied).year) | romanian_holidays(issued.year)

    last = last_day(issued, supplied, holidays)

    assert last.weekday() < 5
    assert last not in holidays
    assert last <= working_day_after(issued, 5, holidays)
    assert alarm(issued, supplied, holidays) < deadline(issued, supplied, holidays)
    assert last - issued <= timedelta(days=16)


def test_the_day_of_the_event_is_never_the_first() -> None:
    with pytest.raises(ValueError, match="never counted"):
        working_day_after(date(2026, 1, 1), 0, ())


@pytest.mark.requirement("TAX-3")
def test_anaf_is_asked_after_1_5_15_and_60_minutes_then_hourly_and_never_more_than_ten_times_a_day() -> None:
    now = start = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    asked: list[datetime] = []
    for polls in range(40):
        today = sum(local_day(at) == local_day(now) for at in asked)
        now = next_poll(polls, today, now)
        asked.append(now)

    assert [(at - start) // timedelta(minutes=1) for at in asked[:6]] == [1, 6, 21, 81, 141, 201]
    by_day: dict[date, int] = {}
    for at in asked:
        by_day[local_day(at)] = by_day.get(local_day(at), 0) + 1
    assert max(by_day.values()) <= MOST_A_DAY
    assert len(by_day) >= 4


def test_tomorrow_begins_after_midnight_in_romania() -> None:
    assert tomorrow(datetime(2026, 7, 1, 20, 59, tzinfo=UTC)) == datetime(2026, 7, 1, 21, 5, tzinfo=UTC)
    assert tomorrow(datetime(2026, 7, 1, 21, 1, tzinfo=UTC)) == datetime(2026, 7, 2, 21, 5, tzinfo=UTC)
