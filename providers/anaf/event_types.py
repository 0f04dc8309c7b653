"""The event types of ANAF. It sends nothing by itself: all of them are our own, for what it answered to our calls."""

from __future__ import annotations

EVENT_TYPES: tuple[str, ...] = ("answer.efactura", "message.status", "message.papers")

IGNORED: dict[str, str] = {}
