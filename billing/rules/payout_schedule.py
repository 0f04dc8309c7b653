"""When an account's scheduled payout is due: on a weekday or a day of the month, in the account's own zone (PAYOUT-2).

Pure: the same schedule and the same instant give the same next one on every host.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Every = Literal["manual", "weekly", "monthly"]

_DAYS_OF = {"weekly": 7, "monthly": 31}
_AT = time(6, 0)
"""The wall-clock time of a payout: after every zone's jump of the clock, before people ask where their money is."""


class ScheduleError(ValueError):
    """No schedule: the zone is unknown or the day does not fit. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """An account's schedule. `day`: 1 (Monday) to 7 of a week, or 1 to 31 of a month; None with `manual`.

    A month that has no such day has its last one instead, and the month after it has the day again (31, 28, 31).
    """

    every: Every
    day: int | None = None
    zone: str = "UTC"

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError):  # unknown, malformed, a folder of the database
            raise ScheduleError(f"{self.zone!r} is no time zone: such as Europe/Bucharest is needed") from None
        if self.every == "manual":
            if self.day is not None:
                raise ScheduleError("a manual schedule has no day")
        elif self.day is None or not 1 <= self.day <= _DAYS_OF[self.every]:
            raise ScheduleError(f"the day of a {self.every} schedule is 1 to {_DAYS_OF[self.every]}")


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """The first due instant (UTC) later than `after`; None for a manual schedule."""
    if schedule.every == "manual" or schedule.day is None:
        return None
    zone = ZoneInfo(schedule.zone)
    day = after.astimezone(zone).date()
    if schedule.every == "weekly":
        found = day + timedelta(days=(schedule.day - day.isoweekday()) % 7)
        due = _instant(found, zone)
        return due if due > after else _instant(found + timedelta(days=7), zone)
    found = _day_of_month(day.year, day.month, schedule.day)
    due = _instant(found, zone)
    if due > after:
        return due
    year, month = divmod(day.year * 12 + day.month, 12)  # months are counted from 0 here: the next one
    return _instant(_day_of_month(year, month + 1, schedule.day), zone)


def month_bounds(month: str, zone: str) -> tuple[datetime, datetime]:
    """The first instants (UTC) of a month, given as `2027-03`, and of the next one, in a zone.

    Raises:
        ScheduleError: no such month or zone.
    """
    try:
        first = date.fromisoformat(f"{month}-01")
        where = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ScheduleError(f"{month!r} in {zone!r} is none: such as 2027-03 in Europe/Bucharest is needed") from None
    year, number = divmod(first.year * 12 + first.month, 12)
    begin, end = (datetime.combine(day, time(), tzinfo=where).astimezone(UTC) for day in (first, date(year, number + 1, 1)))
    return begin, end


def turn_of(due: datetime, zone: str) -> date:
    """The date of a due instant in the account's zone: it names the turn."""
    return due.astimezone(ZoneInfo(zone)).date()


def reference(account_ref: str, slot_on: date) -> str:
    """The turn's name: one per account and date."""
    return f"{account_ref}/{slot_on.isoformat()}"


def _day_of_month(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _instant(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, _AT, tzinfo=zone).astimezone(UTC)
