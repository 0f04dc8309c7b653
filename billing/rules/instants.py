"""Instants as texts, in the one form that sorts as time does."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(at: datetime | None) -> str | None:
    """RFC 3339 in UTC with microseconds, for JSON columns and audit rows: equal instants are equal texts."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")


def span_text(start: datetime, end: datetime) -> str:
    """From one day to another as people of any language read it, after what the time was for: `, 2027-02-01 – 2027-03-01`."""
    return f", {start.date()} \N{EN DASH} {end.date()}"
