"""Orders to a running stand-in of ANAF from another process or a test, by the names of `control.py`."""

from __future__ import annotations

from typing import Any

from providers.sandbox.http.orders import Orders


class AnafControl(Orders):
    """`tell("config", processing_s=60)`."""

    def uploads(self) -> list[dict[str, Any]]:
        """What was taken in, oldest first."""
        found: list[dict[str, Any]] = self.tell("uploads")
        return found
