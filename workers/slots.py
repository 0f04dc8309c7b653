"""Runs one slot of a scheduled run: claimed in PostgreSQL, so two messages or two beats run it once (promise 6).

A long run works in turns: what it returns with `more` puts its slot back at once, with what it has done so far, and the next
message goes on. So no message lasts long, a worker that dies loses a page, and a person can stop the run between pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
import structlog
from psycopg.errors import UniqueViolation
from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from core.clock import monotonic_s
from models.statements import BY_ITSELF, by_itself
from workers.context import Context
from workers.failures import describe
from workers.observe.sentry import report
from workers.routing import load

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 3
"""Tries of one slot, whether a run raised or took its worker with it."""
_RETRY_S = 30
_COUNTS = ("items", "failed", "pages")

# Slots of one job run one after the other: missed ones that are caught up would else do the same work at once. Who is refused is
# hinted again by the sweep. For two claims at one moment there is `schedule_slot_running_key`.
_CLAIM = """UPDATE bursar.schedule_slot SET state = 'running', token = %(token)s, attempts = attempts + 1, started_at = %(now)s,
                   lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
            WHERE job = %(job)s AND slot_at = %(slot_at)s AND state = 'due'
              AND NOT bursar.slot_blocked(job, money, by_hand, %(now)s)
              AND NOT EXISTS (SELECT FROM bursar.schedule_slot other WHERE other.job = %(job)s AND other.state = 'running')
            RETURNING attempts, turns, result"""
_DONE = """UPDATE bursar.schedule_slot SET state = 'done', token = NULL, lease_until = NULL, done_at = %(now)s,
                  result = %(result)s, error = NULL, turns = turns + 1, stop = false
           WHERE job = %(job)s AND slot_at = %(slot_at)s AND token = %(token)s"""
# A turn that ended well is no attempt: the tries are for what fails, or dies, again and again at one place.
_MORE = """UPDATE bursar.schedule_slot SET token = NULL, lease_until = NULL, attempts = 0, turns = turns + 1, error = NULL,
                  result = %(result)s, ready_at = clock_timestamp(),
                  state = CASE WHEN stop THEN 'stopped' WHEN bursar.slot_blocked(job, money, by_hand, %(now)s) THEN 'held' ELSE 'due' END
           WHERE job = %(job)s AND slot_at = %(slot_at)s AND token = %(token)s RETURNING state"""
_FAILED = """UPDATE bursar.schedule_slot SET token = NULL, lease_until = NULL, error = %(error)s,
                    state = CASE WHEN %(state)s = 'due' AND stop THEN 'stopped' ELSE %(state)s END,
                    done_at = %(done_at)s, ready_at = clock_timestamp() + %(wait_s)s * interval '1 second'
             WHERE job = %(job)s AND slot_at = %(slot_at)s AND token = %(token)s"""


class RunFailedError(Exception):
    """A scheduled run failed; its slot is settled (due again, or failed) and holds the error."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn did; `more`: the slot is due again, and wants another message."""

    said: str
    more: bool = False
    shared: bool = False
    """Other workers may lend a hand."""


def run(context: Context, queue: str, job: str, slot_at: str) -> str:
    """One turn of the slot; what it did, in words.

    Raises:
        RunFailedError: as `turn`.
    """
    return turn(context, queue, job, slot_at).said


def turn(context: Context, queue: str, job: str, slot_at: str) -> Turn:
    """Claim the slot and call `tasks/<queue>/runs.py::<job>(context, slot_at)`; a slot that is not due is somebody else's,
    and one waits while another one of its job runs.

    Raises:
        RunFailedError: the run raised; it is tried 3 times, half a minute apart, before the slot is `failed`.
    """
    at = datetime.fromisoformat(slot_at)
    key = {"job": job, "slot_at": at, "token": uuid4()}
    claimed = _claim(context, key)
    if claimed is None:
        return Turn("not due")
    began_s = monotonic_s()
    try:
        result: dict[str, Any] = dict(getattr(load(f"tasks.{queue}.runs"), job)(context, at))
    except Exception as error:
        _settle_failure(context, key, claimed.attempts, error)
        raise RunFailedError(f"{job} {slot_at}, attempt {claimed.attempts}: {describe(error, job).error}") from error
    more, shared = result.pop("more", False) is True, result.pop("shared", False) is True
    if more or claimed.turns or "items" in result:
        result = _so_far(claimed.result if claimed.turns else None, result, int((monotonic_s() - began_s) * 1000))
    with by_itself(context.engine) as connection:
        bound = {**key, "now": context.clock.now(), "result": msgspec.json.encode(result).decode()}
        settled = connection.exec_driver_sql(_MORE if more else _DONE, bound, BY_ITSELF)
        state = settled.scalar() if more else "done"
    goes_on = more and state == "due"
    return Turn(f"{job}: {result}{f', {state}' if more else ''}", goes_on, goes_on and shared)


def _claim(context: Context, key: Mapping[str, Any]) -> Row[Any] | None:
    bound = {**key, "now": context.clock.now(), "lease_s": context.settings.lease_s}
    try:
        with by_itself(context.engine) as connection:
            return connection.exec_driver_sql(_CLAIM, bound, BY_ITSELF).one_or_none()
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation) and error.orig.diag.constraint_name == "schedule_slot_running_key":
            return None
        raise


def _so_far(before: Mapping[str, Any] | None, result: Mapping[str, Any], busy_ms: int) -> dict[str, Any]:
    """Counts are of all turns; `left` and whatever is no count are the last turn's."""
    told: dict[str, Any] = {**(before or {}), **result}
    told |= {name: (before or {}).get(name, 0) + result.get(name, 0) for name in _COUNTS if name in told}
    return told | {"busy_ms": (before or {}).get("busy_ms", 0) + busy_ms}


def _settle_failure(context: Context, key: dict[str, Any], attempts: int, error: Exception) -> None:
    final = attempts >= MAX_ATTEMPTS
    failure = describe(error, key["job"])
    with context.engine.begin() as connection:
        connection.exec_driver_sql(
            _FAILED,
            {
                **key,
                "state": "failed" if final else "due",
                "error": f"{failure.error_class}: {failure.error}",
                "done_at": context.clock.now() if final else None,
                "wait_s": _RETRY_S,
            },
        )
    log.error(
        "run_failed",
        job=key["job"],
        slot_at=key["slot_at"].isoformat(),
        attempt=attempts,
        final=final,
        error_class=failure.error_class,
        error=failure.error,
    )
    report(error, fingerprint=failure.fingerprint, job=key["job"])
