"""The sweep: finds what was missed. It makes every lost message, dead worker and due retry a matter of a second (INBOX-15).

It promotes rows whose wait is over, gives back rows whose worker died, and hints queues that have a backlog, topping up
to twice the number of workers, so that 200,000 waiting rows make no storm of messages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import structlog
from sqlalchemy import Connection

from core.settings import QUEUES
from workers import inbox_claims, outbox_claims
from workers.context import Context
from workers.first_in_first_out import wake_after_dead
from workers.hints import Hinter
from workers.slots import MAX_ATTEMPTS

log = structlog.get_logger(__name__)

TableName = Literal["inbox", "outbox"]
_TABLES: tuple[TableName, ...] = ("inbox", "outbox")
_LAPSE = {"inbox": inbox_claims.lapse, "outbox": outbox_claims.lapse}
_ONE_SWEEPER = 7305130
"""Not a number of the migrations' locks: the sweep goes on while one of them runs for an hour."""

_PROMOTED = 5_000
"""Rows whose wait is over, in one sweep: more than workers do in a second, so that they and not the sweep set the pace."""
_PROMOTE = {
    table: f"""
        WITH due AS (SELECT id FROM bursar.{table} WHERE state = 'waiting' AND next_at <= %(now)s
                     ORDER BY next_at LIMIT {_PROMOTED} FOR UPDATE SKIP LOCKED)
        UPDATE bursar.{table} t SET state = 'received', ready_at = clock_timestamp() FROM due WHERE t.id = due.id"""
    for table in _TABLES
}

_WAITS = {"inbox": "id NOT IN (SELECT unnest(ids) FROM bursar.inbox_claim)", "outbox": "true"}
_BACKLOG = {
    table: f"""
        SELECT count(*), count(*) FILTER (WHERE late) FROM (
            SELECT ready_at < clock_timestamp() - %(grace_s)s * interval '1 second' AS late FROM bursar.{table}
            WHERE queue = %(queue)s AND state = 'received' AND {_WAITS[table]}
            ORDER BY fair_at, id LIMIT %(limit)s) AS first"""
    for table in _TABLES
}

# A run that kills its worker each time would else do so for ever.
_SLOTS_LAPSED = """UPDATE bursar.schedule_slot SET token = NULL, lease_until = NULL, ready_at = clock_timestamp(),
                          state = CASE WHEN attempts >= %(most)s THEN 'failed' WHEN stop THEN 'stopped' ELSE 'due' END,
                          done_at = CASE WHEN attempts >= %(most)s THEN %(now)s::timestamptz END,
                          error = 'The worker died (killed, out of memory, time limit or lost connection) during this run.'
                   WHERE state = 'running' AND lease_until < clock_timestamp()"""
_SLOTS_DUE = """SELECT queue, job, slot_at FROM bursar.schedule_slot
                WHERE state = 'due' AND ready_at < clock_timestamp() - %(grace_s)s * interval '1 second' ORDER BY slot_at LIMIT 100"""


@dataclass(slots=True)
class Swept:
    """What one sweep did; `held` is False when another sweep was under way and this one did nothing."""

    held: bool = False
    promoted: int = 0
    lapsed: int = 0
    dead: int = 0
    late: dict[str, int] = field(default_factory=dict)


def sweep(context: Context, hinter: Hinter, *, grace_s: float | None = None) -> Swept:
    """Sweep both tables and the slots once. Two sweeps at a time are harmless; the second one does nothing."""
    swept = Swept()
    grace = context.settings.hint_grace_s if grace_s is None else grace_s
    with context.engine.begin() as connection:
        if not connection.exec_driver_sql("SELECT pg_try_advisory_xact_lock(%(key)s)", {"key": _ONE_SWEEPER}).scalar():
            return swept
        swept.held = True
        for table in _TABLES:
            swept.promoted += connection.exec_driver_sql(_PROMOTE[table], {"now": context.clock.now()}).rowcount
            lapsed = _LAPSE[table](connection, context.settings.max_crashes, context.clock.now())
            swept.lapsed += len(lapsed)
            dead = [row_id for row_id, state in lapsed if state == "dead"]
            swept.dead += len(dead)
            if dead and table == "inbox":
                wake_after_dead(connection, dead)
        connection.exec_driver_sql(_SLOTS_LAPSED, {"most": MAX_ATTEMPTS, "now": context.clock.now()})
        backlog = {
            (table, queue): _late(context, connection, table, queue, grace) for table in _TABLES for queue in QUEUES
        }
        slots = connection.exec_driver_sql(_SLOTS_DUE, {"grace_s": grace}).all()
    for (table, queue), rows in backlog.items():
        if rows:
            swept.late[queue if table == "inbox" else f"{queue}.calls"] = rows
            _top_up(context, hinter, queue, rows, calls=table == "outbox")
    for queue, job, slot_at in slots:
        swept.late[queue] = swept.late.get(queue, 0) + 1
        # A queue that is not worked off is not filled further: the slot is asked for again next time.
        if (hinter.depth(queue) or 0) < 2 * context.settings.workers_per_queue:
            hinter.hint_slot(queue, job, slot_at.isoformat())
    if swept.lapsed:
        log.warning("claims_lapsed", rows=swept.lapsed, dead=swept.dead, cause="a worker died or stood still")
    return swept


def _late(context: Context, connection: Connection, table: TableName, queue: str, grace_s: float) -> int:
    """Rows that wait, if some of the first ones wait too long; 0 while hints do their work. Counts no further than hints could use."""
    limit = context.settings.batch_size * 2 * context.settings.workers_per_queue
    waiting, late = connection.exec_driver_sql(
        _BACKLOG[table], {"grace_s": grace_s, "queue": queue, "limit": limit}
    ).one()
    return int(waiting) if late else 0


def _top_up(context: Context, hinter: Hinter, queue: str, rows: int, *, calls: bool) -> None:
    wanted = min(2 * context.settings.workers_per_queue, -(-rows // context.settings.batch_size))
    waiting = hinter.depth(f"{queue}.calls" if calls else queue)
    for _ in range(wanted - (waiting or 0)):
        hinter.drain(queue, calls=calls)
