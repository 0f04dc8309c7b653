"""The event types of the internal source."""

from __future__ import annotations

EVENT_TYPES: tuple[str, ...] = ("bank_transfer.confirmed", "bank_transfer.refund_sent", "bank_transfer.refund_returned")

IGNORED: dict[str, str] = {}
