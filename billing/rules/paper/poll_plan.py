"""When the ministry is asked next what became of an e-Factura: soon at first, and never more than ten times a day.

Sources disagree about its limit for one message and day (10 to 100), so the lowest counts (PROTOCOLS: stareMesaj).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from billing.rules.local_time import local_instant
from billing.rules.paper.working_days import ZONE

MOST_A_DAY = 10
_MINUTES = (1, 5, 15, 60)
"""Until the first, second, ... question; from then on an hour between two."""
_JUST_AFTER_MIDNIGHT = time(0, 5)


def local_day(at: datetime) -> date:
    """The day by which the ministry counts."""
    return at.astimezone(ZoneInfo(ZONE)).date()


def next_poll(polls: int, polled_today: int, now: datetime) -> datetime:
    """When to ask next.

    Args:
        polls: how often it was asked so far.
        polled_today: how often of that on the day (in Romania) of `now`.
        now: this instant.
    """
    due = now + timedelta(minutes=_MINUTES[min(polls, len(_MINUTES) - 1)])
    if polled_today < MOST_A_DAY or local_day(due) > local_day(now):
        return due.astimezone(UTC)
    return tomorrow(now)


def tomorrow(now: datetime) -> datetime:
    """When a daily limit that is used up holds no longer."""
    return local_instant(datetime.combine(local_day(now) + timedelta(days=1), _JUST_AFTER_MIDNIGHT), ZONE)
