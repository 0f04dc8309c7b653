"""Tells the workers, after a change by hand, that rows are ready. A courtesy only: without it the sweep finds them in a second or two."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from core.settings import Settings


def send_hints(settings: Settings, rows: Mapping[str, Sequence[int]], *, calls: bool = False) -> bool:
    """Hint the rows by queue: a single one by its id, so that Flower shows it, many as drain hints. False if the broker is out of reach."""
    if not rows:
        return True
    # By name: importing it makes the Celery app, which commands that only read can do without.
    hinter: Any = importlib.import_module("workers.hints").Hinter(settings.broker_url.get_secret_value())
    for queue, ids in rows.items():
        if len(ids) == 1:
            (hinter.hint_calls if calls else hinter.hint)(queue, list(ids))
        else:
            for _ in range(min(2 * settings.workers_per_queue, -(-len(ids) // settings.batch_size))):
                hinter.drain(queue, calls=calls)
    hinter.close()
    return not hinter.dropped
