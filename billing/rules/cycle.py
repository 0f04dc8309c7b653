"""Where billing periods begin and end: counted from an anchor in the customer's zone, so that nothing drifts (SUB-13).

Boundary n is the anchor's local date moved by n cycles, at the anchor's local time: 31 January, 28 February, 31 March; a
yearly 29 February is 28 February until the next leap year. It is never counted from the boundary before, which would lose
the 31st for good. A local time that DST skips is the instant after the gap; one that happens twice is the first.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from billing.rules.local_time import local_instant

Unit = Literal["day", "week", "month", "year"]

_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}
_IN_ALL_MONTHS = 28
_ABOUT = {"day": timedelta(days=1), "week": timedelta(weeks=1), "month": timedelta(days=30, hours=10), "year": timedelta(days=365, hours=6)}


@dataclass(frozen=True, slots=True)
class Cycle:
    """`count` times `unit` (monthly, yearly or custom) from `anchor_at`, in the zone of that IANA name."""

    anchor_at: datetime
    zone: str
    unit: Unit
    count: int

    def __post_init__(self) -> None:
        if self.anchor_at.tzinfo is None:
            raise ValueError("anchor_at needs a zone; a naive time has no place on the time line")
        if self.count < 1:
            raise ValueError("a cycle has at least one unit")

    def boundary(self, number: int) -> datetime:
        """The instant (UTC) at which period `number` begins and the one before ends; 0 is the anchor itself."""
        if number == 0:
            return self.anchor_at.astimezone(UTC)
        local = self.anchor_at.astimezone(ZoneInfo(self.zone))
        if self.unit in _DAYS:
            day = local.date() + timedelta(days=_DAYS[self.unit] * self.count * number)
        else:
            day = _months_later(local.date(), _MONTHS[self.unit] * self.count * number)
        return local_instant(datetime.combine(day, local.time()), self.zone)

    def number_at(self, at: datetime) -> int:
        """The number of the period that `at` lies in; negative before the anchor."""
        number = (at - self.anchor_at) // (_ABOUT[self.unit] * self.count)  # near; months differ in length
        while self.boundary(number) > at:
            number -= 1
        while self.boundary(number + 1) <= at:
            number += 1
        return number


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = day.day if day.day <= _IN_ALL_MONTHS else monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
