"""Celery beat as a metronome: it makes due slots in PostgreSQL and keeps no state file of its own."""

from __future__ import annotations

from typing import Any

import structlog
from celery.beat import Scheduler
from sqlalchemy.exc import DBAPIError

from schedules.slots import watched_tick
from workers.context import process_context
from workers.hints import Hinter
from workers.liveness import beat

log = structlog.get_logger(__name__)

_TICK_S = 5.0


class SlotScheduler(Scheduler):  # type: ignore[misc]  # celery has no types
    """Replaces beat's own schedule, which forgets slots when it is down and doubles them when there are two of it."""

    def setup_schedule(self) -> None:
        """Nothing to set up: the schedule is schedules/table.py, the state is in PostgreSQL."""
        self._hinter = Hinter(process_context().settings.broker_url.get_secret_value())

    def tick(self, *_: Any, **__: Any) -> float:
        """Make the slots that are due; seconds until the next look."""
        context = process_context()
        try:
            watched_tick(context, self._hinter)
            beat(context, "beat")
        except DBAPIError as error:
            log.error(
                "beat_without_database",
                error=str(error)[:300],
                effect="due slots are made when it is back; none is lost",
            )
        return _TICK_S

    def close(self) -> None:
        """Send the hints that wait."""
        self._hinter.close()
