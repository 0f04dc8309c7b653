"""When a wall clock shows a time, exact over DST: for schedules' slots and for billing periods alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)


def local_instant(naive: datetime, name: str) -> datetime:
    """The instant (UTC) of a local time in the zone of that IANA name.

    A time that DST skips is the first valid instant after the gap; one that happens twice is the first.
    """
    if name == "UTC":  # most are, and no time is skipped there
        return naive.replace(tzinfo=UTC, fold=0)
    zone = ZoneInfo(name)
    instant = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == naive:
        return instant
    # The wall clock jumps over this time: walk back from the far side to the instant of the jump.
    while (instant - _MINUTE).astimezone(zone).utcoffset() == instant.astimezone(zone).utcoffset():
        instant -= _MINUTE
    return instant
