"""What people order about scheduled runs: run one by hand, pause, stop, resume, consent. Each order is audited with its effect.

What an order means for slots is said once, in `settle`, which every tick repeats: an order that meets a tick on its way is
carried out by the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from core.ids import new_id
from models.audit import AUDIT, audit_row
from models.bulk import insert_rows
from workers.context import Context

Slot = tuple[str, str, datetime]
"""Queue, job, slot_at."""

# `slot_blocked` knows itself that a pause is over. Nothing is released before its time: a clock that was ahead has made slots of the
# future.
_SETTLE = """WITH ended AS (DELETE FROM bursar.schedule_pause WHERE until <= %(now)s),
                  held AS (UPDATE bursar.schedule_slot SET state = 'held'
                           WHERE state = 'due' AND bursar.slot_blocked(job, money, by_hand, %(now)s))
             UPDATE bursar.schedule_slot SET state = 'due', ready_at = clock_timestamp()
             WHERE state = 'held' AND slot_at <= %(now)s AND NOT bursar.slot_blocked(job, money, by_hand, %(now)s)
             RETURNING queue, job, slot_at"""

_FIND = "SELECT state FROM bursar.schedule_slot WHERE job = %(job)s AND slot_at = %(slot_at)s FOR UPDATE"
_MAKE = """INSERT INTO bursar.schedule_slot (job, slot_at, state, queue, money, by_hand)
           VALUES (%(job)s, %(slot_at)s, 'due', %(queue)s, %(money)s, true) ON CONFLICT DO NOTHING RETURNING 1"""
_AGAIN = """UPDATE bursar.schedule_slot
            SET state = 'due', attempts = 0, done_at = NULL, stop = false, by_hand = true, ready_at = clock_timestamp()
            WHERE job = %(job)s AND slot_at = %(slot_at)s"""
_PAUSE = """INSERT INTO bursar.schedule_pause (job, paused_at, until, actor, reason)
            VALUES (%(job)s, %(now)s, %(until)s, %(actor)s, %(reason)s)
            ON CONFLICT (job) DO UPDATE SET paused_at = excluded.paused_at, until = excluded.until, actor = excluded.actor,
                                            reason = excluded.reason"""
_UNPAUSE = "DELETE FROM bursar.schedule_pause WHERE job = %(job)s RETURNING reason"
_STOP = """UPDATE bursar.schedule_slot SET stop = true, state = CASE state WHEN 'due' THEN 'stopped' ELSE state END
           WHERE job = %(job)s AND state IN ('due', 'running') RETURNING queue, job, slot_at"""
_GO_ON = """UPDATE bursar.schedule_slot SET stop = false, ready_at = clock_timestamp(),
                   state = CASE state WHEN 'stopped' THEN 'due' ELSE state END
            WHERE job = %(job)s AND (state = 'stopped' OR state = 'running' AND stop) RETURNING queue, job, slot_at"""
_CONSENT = """UPDATE bursar.clock_jump SET consented_at = %(now)s, consented_by = %(actor)s
              WHERE consented_at IS NULL AND undone_at IS NULL RETURNING id, from_at, to_at, passed_s"""
_END_ASKED = """SELECT s.stop OR bursar.slot_blocked(s.job, s.money, s.by_hand, %(now)s) FROM bursar.schedule_slot s
                WHERE s.job = %(job)s AND s.slot_at = %(slot_at)s"""


@dataclass(frozen=True, slots=True)
class Order:
    """Who orders, and why."""

    actor: str
    reason: str


def settle(connection: Connection, now: datetime) -> list[Slot]:
    """Hold what must not run now, release what may; the released slots."""
    return [(row[0], row[1], row[2]) for row in connection.exec_driver_sql(_SETTLE, {"now": now})]


def run_by_hand(context: Context, queue: str, job: str, slot_at: datetime, order: Order, *, money: bool) -> str:
    """Make a slot, or open one again that did not come to its end. What its state was, or `new`; `done`, `due` and `running` stay."""
    key = {"job": job, "slot_at": slot_at}
    with context.engine.begin() as connection:
        was = "new"
        if not connection.exec_driver_sql(_MAKE, {**key, "queue": queue, "money": money}).scalar():
            was = str(connection.exec_driver_sql(_FIND, key).scalar_one())
            if was in ("done", "due", "running"):
                return was
            connection.exec_driver_sql(_AGAIN, key)
        settle(connection, context.clock.now())
        _audit(connection, context, order, "schedule.run", job, {"slot_at": slot_at.isoformat(), "was": was})
    return was


def pause(context: Context, job: str, until: datetime | None, order: Order) -> None:
    """From now on slots of `job` are held; a long run in progress ends after its page and is held."""
    now = context.clock.now()
    with context.engine.begin() as connection:
        bound = {"job": job, "now": now, "until": until, "actor": order.actor, "reason": order.reason}
        connection.exec_driver_sql(_PAUSE, bound)
        settle(connection, now)
        _audit(connection, context, order, "schedule.pause", job, {"until": until and until.isoformat()})


def stop(context: Context, job: str, order: Order) -> list[Slot]:
    """Slots of `job` that are due or running stop after the page in hand; those slots."""
    with context.engine.begin() as connection:
        found = [(row[0], row[1], row[2]) for row in connection.exec_driver_sql(_STOP, {"job": job})]
        if found:
            _audit(connection, context, order, "schedule.stop", job, {"slots": [at.isoformat() for _, _, at in found]})
    return found


def resume(context: Context, job: str, order: Order) -> tuple[bool, list[Slot]]:
    """End the pause of `job` and let stopped slots go on: whether it was paused, and the slots that go on."""
    with context.engine.begin() as connection:
        paused = connection.exec_driver_sql(_UNPAUSE, {"job": job}).scalar() is not None
        found = [(row[0], row[1], row[2]) for row in connection.exec_driver_sql(_GO_ON, {"job": job})]
        found += settle(connection, context.clock.now())
        if paused or found:
            _audit(connection, context, order, "schedule.resume", job, {"paused": paused, "slots": len(found)})
    return paused, found


def consent(context: Context, order: Order) -> tuple[list[Mapping[str, Any]], list[Slot]]:
    """Let runs that move money go on after the clock's jumps: the jumps, and the slots that go on."""
    now = context.clock.now()
    with context.engine.begin() as connection:
        found = connection.exec_driver_sql(_CONSENT, {"now": now, "actor": order.actor}).mappings()
        jumps: list[Mapping[str, Any]] = [dict(row) for row in found]
        for jump in jumps:
            after = {"from_at": jump["from_at"].isoformat(), "to_at": jump["to_at"].isoformat(), "passed_s": jump["passed_s"]}
            _audit(connection, context, order, "schedule.consent", str(jump["id"]), after)
        return jumps, settle(connection, now) if jumps else []


def end_asked(context: Context, job: str, slot_at: datetime) -> bool:
    """Whether a run that works page by page should end after this page: it was stopped or paused, or the clock jumped."""
    with context.engine.connect() as connection:
        bound = {"job": job, "slot_at": slot_at, "now": context.clock.now()}
        return bool(connection.exec_driver_sql(_END_ASKED, bound).scalar())


def _audit(connection: Connection, context: Context, order: Order, action: str, about: str, after: Mapping[str, Any]) -> None:
    now = context.clock.now()
    row = audit_row(
        context.keys, uid=new_id(now), at=now, actor=order.actor, reason=order.reason, action=action,
        object_type="clock_jump" if action == "schedule.consent" else "schedule", object_id=about, before=None, after=after, inbox_id=None,
    )  # fmt: skip
    insert_rows(connection, AUDIT, [row])
