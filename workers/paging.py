"""How a scheduled run works through what is due: page by page along an index, each page a transaction, in budgeted turns.

A worker that is killed loses one page. Two runs at once share the work: the subscriber is the mutex, and one that another
transaction has in hand is passed over. An item that cannot be done stops no other (promise 7): it waits in `run_failure`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import structlog
from sqlalchemy import Connection, Row
from sqlalchemy.exc import DBAPIError

from core.clock import monotonic_s
from models.bulk import as_json
from models.statements import Statement
from workers.context import Context
from workers.failures import describe
from workers.rows import StubTakenError
from workers.slot_orders import end_asked
from workers.unit import Reference, Unit

log = structlog.get_logger(__name__)

PAGE = 200
BUDGET_S = 4.0
"""Of one turn: events wait so long for this worker, and the page in hand comes on top."""
LEFT_MOST = 10_000
"""What lies ahead is counted so far: to count all of it would cost a long run more than its pages."""
_LADDER = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=2), timedelta(hours=6), timedelta(days=1))
_FIRST = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))

_WAITING = "SELECT item FROM bursar.run_failure WHERE job = %(job)s AND next_at > %(now)s"
_FAILED = """INSERT INTO bursar.run_failure AS f (job, item, tries, first_at, last_at, next_at, error)
             VALUES (%(job)s, %(item)s, 1, %(now)s, %(now)s, %(now)s + (%(ladder)s::interval[])[1], %(error)s)
             ON CONFLICT (job, item) DO UPDATE SET tries = f.tries + 1, last_at = %(now)s, error = %(error)s,
                next_at = %(now)s + (%(ladder)s::interval[])[least(f.tries + 1, cardinality(%(ladder)s::interval[]))] RETURNING tries"""
_MENDED = """DELETE FROM bursar.run_failure WHERE job = %(job)s AND item = ANY (ARRAY(SELECT json_array_elements_text(%(items)s::json)))"""


@dataclass(frozen=True, slots=True)
class Paged:
    """What a run does.

    `due` is a SELECT whose first three columns are `due_at`, `id` (uuid) and `item` (the text that names it to people), in the
    order (due_at, id), bound by %(now)s, %(after_at)s, %(after_id)s and %(page)s:

        WHERE s.next_billing_at <= %(now)s AND (s.next_billing_at, s.id) > (%(after_at)s, %(after_id)s)
        ORDER BY s.next_billing_at, s.id LIMIT %(page)s FOR UPDATE OF subscriber SKIP LOCKED

    It locks subscribers only. `references` names the rows that `work` touches; they are locked in lock order. What was read is
    looked at again then, in the locked rows, by `work`.
    """

    job: str
    due: LiteralString
    references: Callable[[Row[Any]], Iterable[Reference]]
    work: Callable[[Unit, Sequence[Row[Any]]], None]
    bound: Mapping[str, Any] = field(default_factory=dict)
    """Further values that `due` is bound by: what a setting says."""


def work_pages(context: Context, paged: Paged, slot_at: datetime, *, page: int = PAGE, budget_s: float = BUDGET_S) -> Mapping[str, Any]:
    """One turn; `more`: the budget ended before the work did, so the slot goes on with another one, and other workers may help.

    `left` is how much is due then, counted no further than `LEFT_MOST`.
    """
    end, now = monotonic_s() + (budget_s if context.turn_s is None else context.turn_s), context.clock.now()
    with context.engine.connect() as connection:
        waiting = set(connection.exec_driver_sql(_WAITING, {"job": paged.job, "now": now}).scalars())
    after, items, failed = _FIRST, 0, 0
    while True:
        found, done, bad, after = _page(context, paged, slot_at, now, after, waiting, page)
        items, failed = items + done, failed + bad
        if found < page:
            return {"items": items, "failed": failed, "left": 0, "more": False}
        if monotonic_s() > end or end_asked(context, paged.job, slot_at):
            return {"items": items, "failed": failed, "left": _left(context, paged, now, after), "more": True, "shared": True}


_Key = tuple[datetime, UUID]


def _page(
    context: Context, paged: Paged, slot_at: datetime, now: datetime, after: _Key, waiting: set[str], page: int
) -> tuple[int, int, int, _Key]:
    """One page: rows found, items done and failed, and where the next one begins."""
    rows: Sequence[Row[Any]] = []
    try:
        with context.engine.begin() as connection:
            rows = _due(connection, paged, now, after, page)
            mine = [row for row in rows if row.item not in waiting]
            _work(connection, context, paged, slot_at, now, mine)
        bad = 0
    except Exception as error:
        if not rows:
            raise
        log.warning("run_page_singly", job=paged.job, error_class=type(error).__name__, error=str(error)[:300])
        mine = [row for row in rows if row.item not in waiting]
        bad = sum(not _alone(context, paged, slot_at, now, row) for row in mine)
    return len(rows), len(mine) - bad, bad, (rows[-1].due_at, rows[-1].id) if rows else after


def _due(connection: Connection, paged: Paged, now: datetime, after: _Key, page: int) -> Sequence[Row[Any]]:
    bound = {**paged.bound, "now": now, "after_at": after[0], "after_id": after[1], "page": page}
    return connection.exec_driver_sql(paged.due, bound).all()


def _left(context: Context, paged: Paged, now: datetime, after: _Key) -> int:
    """How much of what is due lies ahead; nothing is locked."""
    ahead = paged.due.rpartition("FOR UPDATE")[0] or paged.due
    bound = {**paged.bound, "now": now, "after_at": after[0], "after_id": after[1], "page": LEFT_MOST}
    with context.engine.connect() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM ({ahead}) AS ahead", bound).scalar_one())  # noqa: S608  # our own


def _work(connection: Connection, context: Context, paged: Paged, slot_at: datetime, now: datetime, rows: Sequence[Row[Any]]) -> None:
    if not rows:
        return
    unit = Unit(connection, context.keys, now=now, actor="bursar", reason=f"{paged.job} {slot_at.isoformat()}")
    unit.load(reference for row in rows for reference in paged.references(row))
    paged.work(unit, rows)
    unit.flush(Statement(_MENDED, {"job": paged.job, "items": as_json([row.item for row in rows])}))


def _alone(context: Context, paged: Paged, slot_at: datetime, now: datetime, row: Row[Any]) -> bool:
    """One item in a transaction of its own; whether it was done, or left to the next turn because another one has its rows."""
    try:
        with context.engine.begin() as connection:
            _work(connection, context, paged, slot_at, now, [row])
    except Exception as error:
        if _busy(error):
            log.info("run_item_put_back", job=paged.job, item=row.item, error_class=type(error).__name__)
            return True
        tries = _keep(context, paged.job, row.item, now, error)
        log.exception(
            "run_item_failed", job=paged.job, item=row.item, tries=tries, effect="nothing of it was changed; the others of the run go on",
            next_step="it is tried again by itself; `bursar explain` it",
        )  # fmt: skip
        return False
    return True


def _busy(error: Exception) -> bool:
    """Another transaction has its rows."""
    locks = isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in ("40P01", "55P03", "40001")
    return locks or isinstance(error, StubTakenError)


def _keep(context: Context, job: str, item: str, now: datetime, error: Exception) -> int:
    failure = describe(error, job)
    bound = {"job": job, "item": item, "now": now, "error": f"{failure.error_class}: {failure.error}", "ladder": list(_LADDER)}
    with context.engine.begin() as connection:
        return int(connection.exec_driver_sql(_FAILED, bound).scalar_one())
