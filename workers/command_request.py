"""What Flower, events and remote control see of a command's message: its key's place, never its body (customers' data)."""

from __future__ import annotations

from typing import Any

from celery.worker.request import Request


class CommandRequest(Request):  # type: ignore[misc]  # celery has no types
    """A request whose arguments are not shown, whatever the sender wrote about them."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._argsrepr, self._kwargsrepr = "()", "{'body': '[not shown]'}"

    def info(self, safe: bool = False) -> Any:  # noqa: ARG002  # Celery's signature
        """As Celery's, without the arguments."""
        return super().info(safe=True)
