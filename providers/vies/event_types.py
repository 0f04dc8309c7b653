"""The event types of VIES. It sends nothing by itself: this one is our own, for what it answered to a question."""

from __future__ import annotations

EVENT_TYPES: tuple[str, ...] = ("number.checked",)

IGNORED: dict[str, str] = {}
