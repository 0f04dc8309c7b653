"""Pairs the moments at which one connection entered and left a session, in whatever order they were told (ZOOM-5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

Interval = tuple[datetime | None, datetime | None]
"""(entered, left); None where that half was never told."""


def intervals(entered: Iterable[datetime], left: Iterable[datetime]) -> list[Interval]:
    """Every moment stands in exactly one interval, in order of time; a moment told twice counts once.

    An entry is closed by the first leave at or after it that comes no later than the next entry. What stays open is
    closed at the session's end by whoever counts minutes, because that end may not be known yet.
    """
    entries, leaves = set(entered), set(left)
    pairs: list[Interval] = []
    since: datetime | None = None
    for at in sorted(entries | leaves):
        if at in leaves and since is not None:
            pairs.append((since, at))
            since = at if at in entries else None  # left and came back within one instant
        elif at in leaves:
            pairs.append((at if at in entries else None, at))
        else:
            if since is not None:
                pairs.append((since, None))
            since = at
    if since is not None:
        pairs.append((since, None))
    return pairs
