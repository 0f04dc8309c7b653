"""Which queue and handler an event type has. The queue is the folder: the table in routes.py is generated from `tasks/`.

Rooms above name handlers through this table and import none of them; modules are loaded when a worker first needs them.
"""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from sqlalchemy.orm import configure_mappers

from billing.rules.commands.base import NAME_FORM
from core.settings import QUEUES
from workers.routes import CALLS, IGNORED, PREFIXES, ROUTES

UNPARSABLE = "unparsable"
"""The event type of signed bytes that no parser accepts; such rows go down the ladder to `dead` and wait for a mended parser."""
NO_HANDLER = "no_handler"
_GC_THRESHOLD = (20_000, 20, 50)
"""Objects of a few batches, none of which refer to themselves; Python's own 700 would look through each batch 50 times."""


@dataclass(frozen=True, slots=True)
class Route:
    """One event type's handler: `tasks/<queue>/<source>/<module>.py::<function>`."""

    queue: str
    source: str
    module: str
    function: str

    @property
    def name(self) -> str:
        """The handler's name as Flower and the logs show it."""
        return f"{self.queue}.{self.source}.{self.module}.{self.function}"

    @property
    def path(self) -> str:
        """The module's import path."""
        return f"tasks.{self.queue}.{self.source}.{self.module}"


def fold(event_type: str) -> tuple[str, str]:
    """Event type -> (module, function): `customer.subscription.updated` -> (`customer_subscription`, `updated`).

    A command's name has its version at the end: `billing.customer.link.v1` -> (`customer`, `link`), `.v2` -> `link_v2`.
    """
    if event_type.startswith("billing.") and (command := NAME_FORM.fullmatch(event_type)):
        domain, verb, version = command.groups()
        return domain, verb if version == "1" else f"{verb}_v{version}"
    parts = event_type.lower().replace("-", "_").split(".")
    return ("_".join(parts[:-1]), parts[-1]) if len(parts) > 1 else (parts[0], "received")


def route(source: str, event_type: str) -> Route | None:
    """The handler of an event type, or None when there is none."""
    queue = ROUTES.get(source, {}).get(event_type)
    if queue is not None:
        return Route(queue, source, *fold(event_type))
    for prefix, target in PREFIXES.get(source, {}).items():
        if event_type.startswith(prefix):
            folder, function = target.split(":")
            folder_queue, module = folder.split("/")
            return Route(folder_queue, source, module, function)
    return None


def ignored_reason(source: str, event_type: str) -> str | None:
    """Why an event type is stored and not processed (a stated reason, or `no_handler`); None when it is processed."""
    if event_type == UNPARSABLE or route(source, event_type) is not None:
        return None
    reasons = IGNORED.get(source, {})
    if event_type in reasons:
        return reasons[event_type]
    prefixes = [key for key in reasons if key.endswith("*") and event_type.startswith(key[:-1])]
    return reasons[max(prefixes, key=len)] if prefixes else NO_HANDLER


def queue_of(source: str, event_type: str) -> str:
    """The queue that processes an event type; what has no handler stands in `maintenance`."""
    found = route(source, event_type)
    return found.queue if found else "maintenance"


@cache
def load(path: str) -> ModuleType:
    """Import a handler module, once per process.

    Raises:
        UnknownQueueError: the path does not lie in a queue's folder.
    """
    parts = path.split(".")
    if parts[0] != "tasks" or len(parts) < 3 or parts[1] not in QUEUES:
        raise UnknownQueueError(
            f"{path} is not in a queue's folder; handlers live in tasks/<{'|'.join(QUEUES)}>/<source>/"
        )
    return importlib.import_module(path)


def preload() -> None:
    """Import every handler module and finish the mapped classes, before a pool forks.

    Left to the first query, SQLAlchemy would finish them under a task's time limit; a limit that strikes in the middle
    leaves them broken, and every later event of the process fails.

    What is loaded then stays for ever: the collector need not look through it again and again (8 % of a worker's time),
    and forked processes go on sharing its memory.
    """
    for source, by_type in ROUTES.items():
        for event_type in by_type:
            found = route(source, event_type)
            if found is not None:
                load(found.path)
    configure_mappers()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLD)


def call_of(kind: str) -> tuple[str, Callable[..., Any]]:
    """An outbox kind's queue and function: `mail.send` -> tasks/notifications/mail/calls.py::send.

    Raises:
        UnknownCallError: no folder has such a function.
    """
    queue = CALLS.get(kind)
    if queue is None:
        raise UnknownCallError(
            f"no tasks/<queue>/{kind.replace('.', '/calls.py::', 1)} exists; the row waits until it does"
        )
    provider, function = kind.split(".", 1)
    found: Callable[..., Any] = getattr(load(f"tasks.{queue}.{provider}.calls"), function)
    return queue, found


class UnknownQueueError(RuntimeError):
    """A handler outside the queues' folders."""


class UnknownCallError(RuntimeError):
    """An outbox row of a kind that nothing performs."""


class NoHandlerError(RuntimeError):
    """An inbox row whose type has no handler in this version; it stays retryable for one that has."""
