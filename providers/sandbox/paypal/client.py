"""Orders to a running stand-in from another process or a test, by the names of `control.py`."""

from __future__ import annotations

from typing import Any

from providers.sandbox.http.orders import Orders


class PayPalControl(Orders):
    """`tell("approve", order=...)`."""

    def effects(self, kind: str) -> list[dict[str, Any]]:
        """What was really done of a kind: order, capture, sale, refund, payout, dispute_accepted, evidence."""
        return [one for one in self.tell("effects") if one["kind"] == kind]

    def take_events(self) -> list[dict[str, Any]]:
        """Events since this was asked last, oldest first."""
        found: list[dict[str, Any]] = self.tell("take_events")
        return found

    def deliver(self) -> dict[str, Any]:
        """One round of deliveries now."""
        found: dict[str, Any] = self.tell("deliver")
        return found
