"""Orders to a running stand-in from another process or a test, by the names of its `control.py`."""

from __future__ import annotations

from typing import Any

import requests

_TIMEOUT_S = 20.0


class SandboxRefusedError(RuntimeError):
    """The stand-in did not do what it was told; its message says why."""


class Orders:
    """The control API of the stand-in at `base`."""

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

    def fault(self, kind: str, /, **told: Any) -> None:
        """Order a fault; see `providers/sandbox/http/faults.py`."""
        self.tell("fault", kind=kind, **told)
