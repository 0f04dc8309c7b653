"""Notices when the clock was set forward. A run that moves money must not charge a month early because a host woke up in May.

Time can be missing for two reasons: nobody ticked (an outage: nothing to ask), or the clock jumped. What tells them apart is a
clock that cannot be set: the host's uptime, if the same host ticked before, without a restart; else the database's clock; else a sign
of life of any process in between. If nothing tells them apart, it counts as a jump: asking costs an hour, charging costs money.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Row

from core.clock import Uptime
from workers.context import Context

log = structlog.get_logger(__name__)

LIMIT = timedelta(hours=1)
"""A jump that is longer needs consent. bursar.slot_blocked knows the same hour."""
_BACK = timedelta(minutes=30)
"""A step back that is longer ends a jump: somebody has set the clock right."""

_FIRST = """INSERT INTO bursar.schedule_tick (business_at, database_at, boot, uptime_s)
            VALUES (%(now)s, clock_timestamp(), %(boot)s, %(uptime_s)s) ON CONFLICT DO NOTHING RETURNING 1"""
_LAST = """SELECT business_at, boot, uptime_s, database_at, clock_timestamp() AS database_now FROM bursar.schedule_tick FOR UPDATE"""
_NEXT = """UPDATE bursar.schedule_tick
           SET business_at = %(now)s, database_at = clock_timestamp(), boot = %(boot)s, uptime_s = %(uptime_s)s"""
# A minute off both ends: those beats are the last before the gap and the first after it.
_ALIVE = """SELECT EXISTS (SELECT 1 FROM bursar.heartbeat
                           WHERE beat_at > %(since)s + interval '1 minute' AND beat_at < %(until)s - interval '1 minute')"""
_JUMPED = "INSERT INTO bursar.clock_jump (from_at, to_at, passed_s) VALUES (%(from_at)s, %(now)s, %(passed_s)s)"
_UNDONE = "UPDATE bursar.clock_jump SET undone_at = %(now)s WHERE consented_at IS NULL AND undone_at IS NULL"


@dataclass(frozen=True, slots=True)
class _Gap:
    """Since the last tick: what the business's clock says, and what really passed (None: nothing can tell)."""

    said: timedelta
    passed: timedelta | None

    @property
    def jumped(self) -> bool:
        return self.said > LIMIT and (self.passed is None or self.said - self.passed > LIMIT)


def watch(context: Context, uptime: Uptime | None) -> None:
    """Compare this tick's time with the last one's, and record a jump. Two at a time are harmless: the row is locked."""
    now = context.clock.now()
    bound = {"now": now, "boot": uptime and uptime.boot, "uptime_s": uptime and uptime.seconds}
    with context.engine.begin() as connection:
        if connection.exec_driver_sql(_FIRST, bound).scalar():
            return
        last = connection.exec_driver_sql(_LAST).one()
        gap = _gap(connection, last, now, uptime)
        if gap.jumped:
            _jumped(connection, last.business_at, now, gap)
        elif gap.said < -_BACK and connection.exec_driver_sql(_UNDONE, {"now": now}).rowcount:
            log.warning("clock_went_back", to=now.isoformat(), effect="held runs of money go on as their times come")
        connection.exec_driver_sql(_NEXT, bound)


def _gap(connection: Connection, last: Row[Any], now: datetime, uptime: Uptime | None) -> _Gap:
    said = now - last.business_at
    if uptime is not None and last.boot == uptime.boot and last.uptime_s is not None:
        return _Gap(said, timedelta(seconds=uptime.seconds - last.uptime_s))
    stored = last.database_now - last.database_at
    if said - stored > LIMIT:
        return _Gap(said, stored)
    bound = {"since": last.database_at, "until": last.database_now}
    lived = said <= LIMIT or connection.exec_driver_sql(_ALIVE, bound).scalar()
    return _Gap(said, stored if lived else None)


def _jumped(connection: Connection, before: datetime, now: datetime, gap: _Gap) -> None:
    passed_s = None if gap.passed is None else max(int(gap.passed.total_seconds()), 0)
    connection.exec_driver_sql(_JUMPED, {"from_at": before, "now": now, "passed_s": passed_s})
    log.error(
        "clock_jumped", from_at=before.isoformat(), to=now.isoformat(), passed_s=passed_s,
        effect="runs that move money are held; all others go on",
        next_step="is the clock right now? then: bursar schedule consent --reason '...'; if not, set it right",
    )  # fmt: skip
