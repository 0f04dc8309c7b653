"""Further hands at a long run: other workers of its queue work through what is due beside the slot's own turns.

The slot alone says whether the run goes on, and its own turns end it. A hand is a hint put to use: one that never comes, or dies, costs
time and nothing else. Only runs that say `shared` have any; whatever two of them would do twice, their rows' locks prevent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from workers.context import Context
from workers.failures import describe
from workers.routing import load
from workers.slots import RunFailedError, Turn

TURN_S = 1.0
"""Of a hand: events of its queue wait no longer for this worker."""

_CLAIM = """INSERT INTO bursar.schedule_hand AS h (job, slot_at, hand, token, lease_until, items, failed)
            SELECT s.job, s.slot_at, %(hand)s, %(token)s, clock_timestamp() + %(lease_s)s * interval '1 second', 0, 0
            FROM bursar.schedule_slot s
            WHERE s.job = %(job)s AND s.slot_at = %(slot_at)s AND s.state IN ('due', 'running') AND s.turns > 0 AND NOT s.stop
              AND NOT bursar.slot_blocked(s.job, s.money, s.by_hand, %(now)s)
            ON CONFLICT (job, slot_at, hand) DO UPDATE SET token = excluded.token, lease_until = excluded.lease_until
            WHERE h.token IS NULL OR h.lease_until < clock_timestamp() RETURNING h.hand"""
_SETTLE = """UPDATE bursar.schedule_hand SET token = NULL, lease_until = NULL, items = items + %(items)s, failed = failed + %(failed)s
             WHERE job = %(job)s AND slot_at = %(slot_at)s AND hand = %(hand)s AND token = %(token)s"""


def turn(context: Context, queue: str, job: str, slot_at: str, hand: int) -> Turn:
    """One turn of a hand at the slot; nothing, when its run does not go on or another message has this hand.

    Raises:
        RunFailedError: the run raised. The slot's own turns meet the same, and settle it.
    """
    key = {"job": job, "slot_at": datetime.fromisoformat(slot_at), "hand": hand, "token": uuid4()}
    with context.engine.begin() as connection:
        bound = {**key, "now": context.clock.now(), "lease_s": context.settings.lease_s}
        if connection.exec_driver_sql(_CLAIM, bound).one_or_none() is None:
            return Turn("not wanted")
    done: Mapping[str, Any] = {}
    try:
        done = getattr(load(f"tasks.{queue}.runs"), job)(replace(context, turn_s=TURN_S), key["slot_at"])
    except Exception as error:
        raise RunFailedError(f"{job} {slot_at}, hand {hand}: {describe(error, job).error}") from error
    finally:
        counts = {"items": done.get("items", 0), "failed": done.get("failed", 0)}
        with context.engine.begin() as connection:
            connection.exec_driver_sql(_SETTLE, {**key, **counts})
    return Turn(f"{job}, hand {hand}: {counts}", more=done.get("more", False) is True)
