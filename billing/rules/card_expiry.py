"""Until when a card is good: to the end of its month (PAY-6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

WARNED = timedelta(days=30)
"""So long before its end the customer is warned."""


def expires_at(year: int, month: int) -> datetime:
    """The first instant at which it is good no more. In UTC: schemes say the month, not whose midnight."""
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def expired(year: int | None, month: int | None, now: datetime) -> bool:
    """Whether its month is over; a method without one does not expire."""
    return year is not None and month is not None and expires_at(year, month) <= now


def warned(year: int | None, month: int | None, now: datetime) -> bool:
    """Whether it is time to warn."""
    return year is not None and month is not None and expires_at(year, month) - WARNED <= now < expires_at(year, month)
