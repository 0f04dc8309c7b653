"""What people and operators' mails need of `run_failure`: which jobs fail at what, and letting items be tried at once.

A row goes when its item is done (`workers.paging`), or is due no longer, so the table holds what is broken now and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from sqlalchemy import Connection

from core.ids import new_id
from models.audit import AUDIT, audit_row
from models.bulk import insert_rows
from workers.context import Context
from workers.slot_orders import Order

BOUND = 10_000
"""Most items that are counted of one job."""

# From one job to the next along the key, and of each no more than the bound: asked each minute, it must not read a million rows.
FAILING: LiteralString = """
    WITH RECURSIVE jobs AS (
        (SELECT job FROM bursar.run_failure ORDER BY job LIMIT 1)
        UNION ALL
        SELECT later.job FROM jobs, LATERAL (
            SELECT f.job FROM bursar.run_failure f WHERE f.job > jobs.job ORDER BY f.job LIMIT 1) AS later)
    SELECT jobs.job, counted.items, counted.first_at, counted.last_at, counted.tries, counted.item, counted.error FROM jobs, LATERAL (
        SELECT count(*) AS items, min(first_at) AS first_at, max(last_at) AS last_at, max(tries) AS tries,
               (array_agg(item ORDER BY last_at DESC, item))[1] AS item, (array_agg(error ORDER BY last_at DESC, item))[1] AS error
        FROM (SELECT f.* FROM bursar.run_failure f WHERE f.job = jobs.job ORDER BY f.item LIMIT 10000) AS first) AS counted"""
_RETRY = """UPDATE bursar.run_failure SET next_at = %(now)s
            WHERE job = %(job)s AND (%(item)s::text IS NULL OR item = %(item)s) AND next_at > %(now)s RETURNING item"""
_WAITS = "SELECT count(*) FROM bursar.run_failure WHERE job = %(job)s AND (%(item)s::text IS NULL OR item = %(item)s)"
_STALE = """DELETE FROM bursar.run_failure f
            WHERE f.next_at <= %(now)s AND (SELECT count(*) FROM (
                SELECT FROM bursar.schedule_slot s
                WHERE s.job = f.job AND s.slot_at > f.next_at AND s.state = 'done' LIMIT 2) AS begun) = 2
            RETURNING f.job, f.item"""
_SAID = 20


@dataclass(frozen=True, slots=True)
class Failing:
    """A job with items that it could not do."""

    job: str
    items: int
    first_at: datetime
    last_at: datetime
    tries: int
    """Of the item that was tried most often."""
    item: str
    """The newest, and its error."""
    error: str


def failing(connection: Connection) -> list[Failing]:
    """Every job with such items, by name."""
    return [Failing(*row) for row in connection.exec_driver_sql(FAILING)]


def drop_stale(connection: Connection, now: datetime) -> list[tuple[str, str]]:
    """Forget items that are due no longer: two whole slots of their job began after their next try was due, and neither tried them.

    Their object is gone, or was mended another way; a row would else be told of every day, for ever. (job, item) of each.
    """
    return [(row[0], row[1]) for row in connection.exec_driver_sql(_STALE, {"now": now})]


def retry_now(context: Context, job: str, item: str | None, order: Order) -> int:
    """Let the next slot of `job` try the item, or all (None), at once; how many wait for it now. Audited."""
    now = context.clock.now()
    bound = {"now": now, "job": job, "item": item}
    with context.engine.begin() as connection:
        opened = sorted(connection.exec_driver_sql(_RETRY, bound).scalars())
        if opened:
            after = {"items": opened[:_SAID], "count": len(opened), "next_at": now.isoformat()}
            row = audit_row(
                context.keys, uid=new_id(now), at=now, actor=order.actor, reason=order.reason, action="run_failure.retry",
                object_type="schedule", object_id=job, before=None, after=after, inbox_id=None,
            )  # fmt: skip
            insert_rows(connection, AUDIT, [row])
        return int(connection.exec_driver_sql(_WAITS, bound).scalar_one())
