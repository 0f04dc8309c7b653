"""Runs one slot of a scheduled run: claimed in PostgreSQL, so two messages or two beats run it once (promise 6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
import structlog

from workers.context import Context
from workers.failures import describe
from workers.observe.sentry import report
from workers.routing import load

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 3
"""Tries of one slot, whether a run raised or took its worker with it."""
_RETRY_S = 30

_CLAIM = """UPDATE bursar.schedule_slot SET state = 'running', token = %(token)s, attempts = attempts + 1, started_at = %(now)s,
                   lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
            WHERE job = %(job)s AND slot_at = %(slot_at)s AND state = 'due' RETURNING attempts"""
_DONE = """UPDATE bursar.schedule_slot SET state = 'done', token = NULL, lease_until = NULL, done_at = %(now)s,
                  result = %(result)s, error = NULL
           WHERE job = %(job)s AND slot_at = %(slot_at)s AND token = %(token)s"""
_FAILED = """UPDATE bursar.schedule_slot SET state = %(state)s, token = NULL, lease_until = NULL, error = %(error)s,
                    done_at = %(done_at)s, ready_at = clock_timestamp() + %(wait_s)s * interval '1 second'
             WHERE job = %(job)s AND slot_at = %(slot_at)s AND token = %(token)s"""


class RunFailedError(Exception):
    """A scheduled run failed; its slot is settled (due again, or failed) and holds the error."""


def run(context: Context, queue: str, job: str, slot_at: str) -> str:
    """Claim the slot and call `tasks/<queue>/runs.py::<job>(context, slot_at)`; a slot that is not due is somebody else's.

    Raises:
        RunFailedError: the run raised; it is tried 3 times, half a minute apart, before the slot is `failed`.
    """
    at = datetime.fromisoformat(slot_at)
    key = {"job": job, "slot_at": at, "token": uuid4()}
    with context.engine.begin() as connection:
        bound = {**key, "now": context.clock.now(), "lease_s": context.settings.lease_s}
        attempts = connection.exec_driver_sql(_CLAIM, bound).scalar()
    if attempts is None:
        return "not due"
    try:
        result: dict[str, Any] = dict(getattr(load(f"tasks.{queue}.runs"), job)(context, at))
    except Exception as error:
        _settle_failure(context, key, attempts, error)
        raise RunFailedError(f"{job} {slot_at}, attempt {attempts}: {describe(error, job).error}") from error
    with context.engine.begin() as connection:
        bound = {**key, "now": context.clock.now(), "result": msgspec.json.encode(result).decode()}
        connection.exec_driver_sql(_DONE, bound)
    return f"{job}: {result}"


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
