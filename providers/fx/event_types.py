"""The event types of the feed of rates. Banks send nothing by themselves: this one is our own, for what one told when it was asked."""

from __future__ import annotations

EVENT_TYPES: tuple[str, ...] = ("rates.told",)

IGNORED: dict[str, str] = {}
