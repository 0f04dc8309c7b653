"""A worker that does all that is due whenever it is told: `python -m tests.faults.money_worker CLOCK_FILE ORDERS ANSWERS`.

The real runners on the real tables, without Celery, so that hundreds of them can die in a minute. An order is a line in the
pipe ORDERS: empty, and this process works itself; or `place:n`, and a child does, forked with all that is imported and
compiled, its connections its own, which is killed with -9 where it reaches that place. The exit code goes into ANSWERS. It
moves its own clock to whatever is due next; the clock lies in a file, because the next worker goes on from there.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from core import failpoints
from core.clock import FixedClock
from core.settings import QUEUES, load
from providers.stripe import client
from workers import inbox, inbox_claims, outbox, outbox_claims
from workers.context import Context, make_context
from workers.routes import CALLS
from workers.routing import call_of
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
_FREE = tuple(f"SELECT DISTINCT queue FROM bursar.{table} WHERE state = 'received'" for table in ("inbox", "outbox"))
# Whoever worked before is dead, and nobody else is there: nothing is learned by waiting until his leases have lapsed.
_ORPHANED = (
    "UPDATE bursar.inbox_claim SET lease_until = '-infinity'",
    "UPDATE bursar.outbox SET lease_until = '-infinity' WHERE state = 'processing'",
)


def main(clock_file: str, orders: str, answers: str) -> None:
    """Work when told, until nobody tells any more."""
    place, clock = Path(clock_file), FixedClock(datetime.fromisoformat(Path(clock_file).read_text(encoding="utf-8")))
    context = make_context(load(), clock=clock)
    for kind in CALLS:
        call_of(kind)  # imported here once, and not by each that is about to die
    with Path(orders).open(encoding="utf-8") as told, Path(answers).open("w", encoding="utf-8") as answer:
        for line in told:
            die_at = line.strip()
            clock.move_to(datetime.fromisoformat(place.read_text(encoding="utf-8")))
            code = _child(context, clock, place, die_at) if die_at else _all(context, clock, place)
            answer.write(f"{code}\n")
            answer.flush()


def _child(context: Context, clock: FixedClock, place: Path, die_at: str) -> int:
    """Exit code of a process that may die at that place."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        context.engine.dispose(close=False)  # the parent's connections stay the parent's
        client._client.cache_clear()
        name, _, number = die_at.partition(":")
        failpoints.arm(name, int(number))
        code = _all(context, clock, place)
    except BaseException:  # noqa: BLE001 - shown, and the process ends
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _all(context: Context, clock: FixedClock, place: Path) -> int:
    """Until nothing is open."""
    with context.engine.begin() as connection:
        for sql in _ORPHANED:
            connection.exec_driver_sql(sql)
    while _one(context, _OPEN):
        if _work(context):
            continue
        due = _one(context, _NEXT)
        if due is None or due <= clock.now():
            time.sleep(0.01)  # a dead worker's last statement is still under way
            continue
        clock.move_to(due)
        place.write_text(due.isoformat(), encoding="utf-8")
    return 0


def _work(context: Context) -> bool:
    """Whether anything was done."""
    now = context.clock.now()
    with context.engine.begin() as connection:
        for sql in _PROMOTE:
            connection.exec_driver_sql(sql, {"now": now})
        for lapse in (inbox_claims.lapse, outbox_claims.lapse):
            lapse(connection, context.settings.max_crashes, now)
        events, calls = ({row.queue for row in connection.exec_driver_sql(sql)} for sql in _FREE)
    moved = 0
    for queue in QUEUES:
        if queue in events:
            moved += _settled(lambda queue=queue: inbox.drain(context, queue))  # type: ignore[misc]
        if queue in calls:
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
    main(*sys.argv[1:])
