"""A Celery consumer that loses no command: a `billing.*` task that this version does not know goes to the commands' door.

Celery's own way with a name that it does not know is to throw the message away. That would lose what an app sent while an
older worker was still running; so here such a message is handed to one task that verifies it and keeps it in the inbox.
All other unknown messages go Celery's way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery.worker.consumer import Consumer

PREFIX = "billing."
UNKNOWN_TASK = "tasks.unknown_command"
"""The task that takes commands of unknown names; the name that was sent is its `shadow`."""

_DELAYED = "celery.worker.consumer.delayed_delivery:DelayedDelivery"
Strategy = Callable[..., Any]


class Strategies(dict[str, Strategy]):
    """Task name -> what is done with its messages; a command's unknown name has a way too."""

    def __missing__(self, name: str) -> Strategy:
        """What is done with a message of a task that is not registered.

        Raises:
            KeyError: it is no command; Celery logs the message and drops it.
        """
        if not isinstance(name, str) or not name.startswith(PREFIX):
            raise KeyError(name)
        taken_on = self[UNKNOWN_TASK]

        def renamed(message: Any, payload: Any, *arguments: Any, **options: Any) -> Any:
            # Also for messages of the first protocol, which carry their task inside: what the headers say goes first.
            message.headers = {**(message.headers or {}), "task": UNKNOWN_TASK, "shadow": name}
            return taken_on(message, payload, *arguments, **options)

        return renamed


class CommandConsumer(Consumer):  # type: ignore[misc]  # celery has no types
    """Celery's consumer with our strategies."""

    Strategies = Strategies

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc]
        """Its steps, less the one that declares 28 queues for delayed messages beside quorum queues: nothing is delayed here."""

        default_steps = [step for step in Consumer.Blueprint.default_steps if step != _DELAYED]  # noqa: RUF012
