"""When an e-Factura must have reached the ministry: working days by Regulation (EEC, Euratom) 1182/71, and the day of the alarm.

The day of the event is not counted, Saturdays, Sundays and public holidays are not working days, and a period ends with the
last hour of its last day. The holidays are an argument, because these rules know nothing but the standard library.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from billing.rules.local_time import local_instant

ZONE = "Europe/Bucharest"
WORKING_DAYS = 5
"""From the issue to the ministry, since 2026-01-01 (OUG 89/2025)."""
ALARM_DAY = 3
"""The working day on whose morning operators are told of what is not accepted yet: two more are left, with that day three."""
_LAST_ISSUE_DAY = 15
"""Of the month after the supply: until then an invoice must be issued (VAT Directive, article 222; Fiscal Code, article 319 (16))."""
_ALARM_AT = time(8)
_SATURDAY = 5
_DECEMBER = 12
_ONE = timedelta(days=1)


def working_day_after(day: date, count: int, holidays: Collection[date]) -> date:
    """The `count`-th working day after `day`, which itself is not counted, whatever day it is.

    Raises:
        ValueError: `count` is below 1.
    """
    if count < 1:
        raise ValueError("the day of the event is never counted, so the first working day is number 1")
    while count:
        day += _ONE
        if day.weekday() < _SATURDAY and day not in holidays:
            count -= 1
    return day


def last_day(issued_on: date, tax_point_on: date, holidays: Collection[date]) -> date:
    """The last day on which the document may reach the ministry.

    Five working days after the issue, and never later than five working days after the day until which it should have been
    issued: who issues late gains no time.
    """
    should_be_issued_by = _fifteenth_of_next_month(tax_point_on)
    return min(working_day_after(start, WORKING_DAYS, holidays) for start in (issued_on, should_be_issued_by))


def deadline(issued_on: date, tax_point_on: date, holidays: Collection[date]) -> datetime:
    """The instant (UTC) at which the last day is over in Romania; from then on it is late."""
    return _instant(last_day(issued_on, tax_point_on, holidays) + _ONE, time())


def alarm(issued_on: date, tax_point_on: date, holidays: Collection[date]) -> datetime:
    """The instant (UTC) of 8 o'clock in Romania on the third working day, or of the last day where that comes first."""
    third = working_day_after(issued_on, ALARM_DAY, holidays)
    return _instant(min(third, last_day(issued_on, tax_point_on, holidays)), _ALARM_AT)


def _fifteenth_of_next_month(day: date) -> date:
    year, month = (day.year + 1, 1) if day.month == _DECEMBER else (day.year, day.month + 1)
    return date(year, month, _LAST_ISSUE_DAY)


def _instant(day: date, at: time) -> datetime:
    return local_instant(datetime.combine(day, at), ZONE)
