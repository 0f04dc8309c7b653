"""The event types of the internal source."""

from __future__ import annotations

EVENT_TYPES: tuple[str, ...] = ("bank_transfer.confirmed",)

IGNORED: dict[str, str] = {}
