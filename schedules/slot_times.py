"""When a run's slots are. Pure: the same run and the same range give the same slots on every host.

Local times: a time that DST skips becomes the first valid instant after the gap; a time that happens twice counts
once, the first time; so there is exactly one slot per local date.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from billing.rules.local_time import local_instant as wall_clock
from schedules.table import Daily, Run

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def newest(run: Run, now: datetime) -> datetime:
    """The last slot at or before `now`."""
    if isinstance(run.every, Daily):
        today = now.astimezone(ZoneInfo(run.every.zone)).date()
        slot = local_instant(run.every, today)
        return slot if slot <= now else local_instant(run.every, today - timedelta(days=1))
    return _EPOCH + (now - _EPOCH) // run.every * run.every


def between(run: Run, after: datetime, until: datetime) -> Iterator[datetime]:
    """All slots later than `after`, up to and including `until`, oldest first."""
    if isinstance(run.every, Daily):
        day = after.astimezone(ZoneInfo(run.every.zone)).date() - timedelta(days=1)
        while (slot := local_instant(run.every, day)) <= until:
            if slot > after:
                yield slot
            day += timedelta(days=1)
        return
    slot = newest(run, after) + run.every
    while slot <= until:
        yield slot
        slot += run.every


def local_instant(daily: Daily, day: date) -> datetime:
    """The instant (UTC) of a local date's slot."""
    return wall_clock(datetime.combine(day, daily.at), daily.zone)
