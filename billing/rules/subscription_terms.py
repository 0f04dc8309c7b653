"""What a subscription's terms say about its periods: where they begin, how much of them is left, how many were missed (SUB-13, SUB-14)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from billing.rules.cycle import Cycle, Unit
from billing.rules.local_time import local_instant

GRACE = timedelta(days=7)
"""SUB-7: how long a manual renewal, or a first invoice, waits for its money. Not dunning's ladder (T8)."""

MOST_PERIODS = 15
"""SUB-14, as Kill Bill: more than so many periods of one subscription at once are nobody's wish."""

_UNITS: dict[str, Unit] = {"day": "day", "week": "week", "month": "month", "year": "year"}
_MICROSECOND = timedelta(microseconds=1)
_BACK = 12
"""So many cycles before, every series of months that has a day at all has had it: of years, leap ones."""


@dataclass(frozen=True, slots=True)
class Span:
    """A period: its number from the anchor, and from when to when."""

    number: int
    start: datetime
    end: datetime


def cycle_of(anchor_at: datetime | None, zone: str | None, unit: str | None, count: int | None) -> Cycle:
    """The cycle that a subscription's columns say.

    Raises:
        ValueError: they do not say one: it is not one of ours, or was never begun.
    """
    if anchor_at is None or unit not in _UNITS or not count:
        raise ValueError(f"no cycle: anchor {anchor_at}, {count} {unit}; nothing was billed; `bursar explain` the subscription")
    return Cycle(anchor_at, zone or "UTC", _UNITS[unit], count)


def whole_second(at: datetime) -> datetime:
    """Periods begin at whole seconds, so that an invoice's name says its period exactly."""
    return at.astimezone(UTC).replace(microsecond=0)


def span(cycle: Cycle, number: int) -> Span:
    """The period of that number, whole."""
    return Span(number, cycle.boundary(number), cycle.boundary(number + 1))


def anchored_on(at: datetime, zone: str, day: int) -> datetime:
    """The last instant at or before `at` that falls on that day of a month that has it, at `at`'s local time.

    From it periods are counted, so that a 31st is remembered through months that have none.
    """
    local = at.astimezone(ZoneInfo(zone))
    year, month = local.year, local.month
    while True:
        try:
            found = local.replace(year=year, month=month, day=day)
        except ValueError:
            found = None
        if found is not None and found.astimezone(UTC) <= at:
            return found.astimezone(UTC)
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)


def go_on(before: Cycle, number: int, unit: str, count: int) -> tuple[Cycle, int]:
    """The cycle whose periods follow that one's boundary `number`, and the number of the first: what is sold on a 31st stays there.

    So its anchor may lie in an earlier month, one that has the day. A yearly one at the end of February has at most the 29th.
    """
    boundary, zone = before.boundary(number), ZoneInfo(before.zone)
    wanted, months = before.anchor_at.astimezone(zone), {"month": count, "year": 12 * count}.get(unit)
    if months is not None and before.unit in ("month", "year"):
        local = boundary.astimezone(zone)
        for day in range(wanted.day, local.day, -1):
            for back in range(_BACK):
                year, month = divmod(local.year * 12 + local.month - 1 - back * months, 12)
                if monthrange(year, month + 1)[1] >= day:
                    naive = wanted.replace(year=year, month=month + 1, day=day, tzinfo=None, fold=0)
                    found = cycle_of(local_instant(naive, before.zone), before.zone, unit, count)
                    if found.boundary(back) == boundary:
                        return found, back
    return cycle_of(boundary, before.zone, unit, count), 0


def missed(cycle: Cycle, running: int, now: datetime) -> int:
    """How many periods after the running one have begun by `now`."""
    return max(cycle.number_at(now) - running, 0)


def parts(whole: Span, begin: datetime, end: datetime) -> tuple[int, int]:
    """From `begin` to `end` as a share of the whole period, in whole microseconds: numerator and denominator."""
    return max(end - begin, timedelta(0)) // _MICROSECOND, (whole.end - whole.start) // _MICROSECOND


@lru_cache(maxsize=1024)  # each renewal asks three times for the same ones, and those of a page are near one another
def stamp(at: datetime) -> str:
    """As references name an instant: 20270131T000000Z."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
