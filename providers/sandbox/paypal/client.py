"""Orders to a running stand-in from another process or a test, by the names of `control.py`."""

from __future__ import annotations

from typing import Any

import requests

_TIMEOUT_S = 20.0


class SandboxRefusedError(RuntimeError):
    """The stand-in did not do what it was told; its message says why."""


class PayPalControl:
    """`tell("approve", order=...)`."""

    def __init__(self, base: str) -> None:
        self._base = base

    def tell(self, order: str, /, **told: Any) -> Any:
        """Give an order; what came of it.

        Raises:
            SandboxRefusedError: it was not done.
        """
        answer = requests.post(f"{self._base}/_sandbox/{order}", json=told, timeout=_TIMEOUT_S)
        said = answer.json()
        if not answer.ok:
            raise SandboxRefusedError(f"{order}: {said.get('message')}")
        return said.get("result", said)

    def effects(self, kind: str) -> list[dict[str, Any]]:
        """What was really done of a kind: order, capture, sale, refund, payout, dispute_accepted, evidence."""
        return [one for one in self.tell("effects") if one["kind"] == kind]

    def take_events(self) -> list[dict[str, Any]]:
        """Events since this was asked last, oldest first."""
        found: list[dict[str, Any]] = self.tell("take_events")
        return found

    def fault(self, kind: str, /, **told: Any) -> None:
        """Order a fault; see `providers/sandbox/http/faults.py`."""
        self.tell("fault", kind=kind, **told)

    def deliver(self) -> dict[str, Any]:
        """One round of deliveries now."""
        found: dict[str, Any] = self.tell("deliver")
        return found
