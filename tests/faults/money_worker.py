"""A worker that does all that is due and ends: `python -m tests.faults.money_worker CLOCK_FILE`; killed wherever BURSAR_FAILPOINT says.

The real runners on the real tables, without Celery, so that a hundred of them can die in a minute. It moves its own clock to
whatever is due next; the clock lies in a file, because the next worker goes on from there.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from core.clock import FixedClock
from core.settings import QUEUES, load
from workers import inbox, inbox_claims, outbox, outbox_claims
from workers.context import Context, make_context
from workers.settle import is_disconnect

_OPEN = """
    SELECT (SELECT count(*) FROM bursar.inbox WHERE state IN ('received', 'processing', 'waiting'))
         + (SELECT count(*) FROM bursar.outbox WHERE state IN ('received', 'processing', 'waiting'))"""
_NEXT = """
    SELECT min(next_at) FROM (SELECT next_at FROM bursar.inbox WHERE state = 'waiting' UNION ALL
                              SELECT next_at FROM bursar.outbox WHERE state = 'waiting') AS due"""
_PROMOTE = tuple(
    f"UPDATE bursar.{table} SET state = 'received', ready_at = clock_timestamp() WHERE state = 'waiting' AND next_at <= %(now)s"
    for table in ("inbox", "outbox")
)


def main(place: str) -> None:
    """Until nothing is open."""
    clock_file = Path(place)
    clock = FixedClock(datetime.fromisoformat(clock_file.read_text(encoding="utf-8")))
    context = make_context(load(), clock=clock)
    while _one(context, "SELECT 1") and _one(context, _OPEN):
        if _work(context):
            continue
        due = _one(context, _NEXT)
        if due is None or due <= clock.now():
            time.sleep(0.01)  # somebody died with it; its lease is about to end
            continue
        clock.move_to(due)
        clock_file.write_text(due.isoformat(), encoding="utf-8")


def _work(context: Context) -> bool:
    """Whether anything was done."""
    now = context.clock.now()
    with context.engine.begin() as connection:
        for sql in _PROMOTE:
            connection.exec_driver_sql(sql, {"now": now})
        for lapse in (inbox_claims.lapse, outbox_claims.lapse):
            lapse(connection, context.settings.max_crashes, now)
    moved = 0
    for queue in QUEUES:
        moved += _settled(lambda queue=queue: inbox.drain(context, queue))  # type: ignore[misc]
        moved += _settled(lambda queue=queue: outbox.drain(context, queue))  # type: ignore[misc]
    return bool(moved)


def _settled(work: Callable[[], inbox.Outcome]) -> int:
    """How many rows moved on. A lost connection is the database's business; the next round makes a new one."""
    try:
        return work().settled
    except DBAPIError as error:
        if is_disconnect(error):
            return 1
        raise


def _one(context: Context, sql: str) -> Any:
    with context.engine.begin() as connection:
        return connection.exec_driver_sql(sql).scalar()


if __name__ == "__main__":
    main(sys.argv[1])
