"""Finds inbox rows, newest first, without ever reading a table of ten million rows to print fifty.

The newest rows are looked through first; that answers most questions. Else the narrowest index decides: the object's,
one per open state (a row's error is kept only while it is open), the time's. What no index helps with (a rare event
type among done rows) is searched in steps backwards for a bounded time, and the answer says how far it went.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from cli.inbox.filters import STATES, Filter
from core.clock import monotonic_s

_IN_HAND = "id = ANY (ARRAY(SELECT unnest(ids) FROM bursar.inbox_claim))"
"""A row that stands in a worker's claim is what people call `processing`; its stored state is `received` until it is done."""

_COLUMNS = (
    f"id, source, event_id, event_type, object_id, CASE WHEN state = 'received' AND {_IN_HAND} THEN 'processing' ELSE state END, "
    "attempts, received_at, done_at, error, queue, ignored_reason"
)
_FIRST_STEP = 20_000
_STEP = 200_000
_BUDGET_S = 8.0
_OPEN = ("received", "processing", "waiting", "dead")

_IN_STATE = {state: f"state = '{state}'" for state in STATES} | {
    "received": f"(state = 'received' AND NOT {_IN_HAND})",
    "processing": f"(state = 'received' AND {_IN_HAND})",
}
"""Literals, so that the planner sees that the state's own partial index fits."""


@dataclass(frozen=True, slots=True)
class Found:
    """One row of the list."""

    id: int
    source: str
    event_id: str
    event_type: str
    object_id: str | None
    state: str
    attempts: int
    received_at: datetime
    done_at: datetime | None
    error: str | None
    queue: str
    ignored_reason: str | None


@dataclass(slots=True)
class Page:
    """The rows found. `searched_to`: the search ran out of time at this id, older rows were not looked at."""

    rows: list[Found] = field(default_factory=list)
    searched_to: int | None = None


def find(
    connection: Connection, wanted: Filter, limit: int, *, before: int | None = None, budget_s: float = _BUDGET_S
) -> Page:
    """The newest `limit` rows that fit, of those with an id below `before`."""
    if wanted.error is not None and not wanted.states:
        wanted = replace(wanted, states=_OPEN)
    newest, oldest = connection.exec_driver_sql("SELECT max(id), min(id) FROM bursar.inbox").one()
    if newest is None:
        return Page()
    top = newest + 1 if before is None else min(before, newest + 1)
    page = Page(_between(connection, wanted, limit, top - _FIRST_STEP, top))
    if len(page.rows) >= limit or top - _FIRST_STEP <= oldest:
        return page
    narrow = _narrow(wanted)
    if narrow:
        return Page(_by_index(connection, wanted, narrow, limit, top))
    return _backwards(connection, wanted, limit, page, top - _FIRST_STEP, oldest, budget_s)


def _where(wanted: Filter) -> tuple[str, dict[str, Any]]:
    conditions, bound = wanted.conditions()
    if wanted.states:
        conditions.append("(" + " OR ".join(_IN_STATE[state] for state in wanted.states) + ")")
    return " AND ".join(["id < %(top)s", *conditions]), bound


def _between(connection: Connection, wanted: Filter, limit: int, low: int, top: int) -> list[Found]:
    where, bound = _where(wanted)
    sql = f"SELECT {_COLUMNS} FROM bursar.inbox WHERE id >= %(low)s AND {where} ORDER BY id DESC LIMIT %(limit)s"  # noqa: S608  # fixed conditions, bound values
    return [Found(*row) for row in connection.exec_driver_sql(sql, {**bound, "low": low, "top": top, "limit": limit})]


def _narrow(wanted: Filter) -> list[str]:
    """The conditions by which an index finds a small set; several are searched one after the other and put together."""
    if wanted.object is not None:
        return ["object_id = %(object)s"]
    # Ignored rows are a share of the table that grows; those of one type are looked up, the others searched as done ones are.
    of_one_type = wanted.type is not None and "*" not in wanted.type
    if wanted.states and set(wanted.states) <= {*_OPEN, *(("ignored",) if of_one_type else ())}:
        return [_IN_STATE[state] for state in wanted.states]
    return ["received_at >= %(since)s"] if wanted.since is not None else []


def _by_index(connection: Connection, wanted: Filter, narrow: list[str], limit: int, top: int) -> list[Found]:
    # MATERIALIZED: else the planner may walk the primary key backwards in the hope of an early end.
    where, bound = _where(wanted)
    parts = " UNION ALL ".join(f"SELECT id FROM bursar.inbox WHERE {part} AND {where}" for part in narrow)  # noqa: S608  # fixed conditions, bound values
    sql = f"""WITH fitting AS MATERIALIZED ({parts})
              SELECT {_COLUMNS} FROM bursar.inbox WHERE id IN (SELECT id FROM fitting ORDER BY id DESC LIMIT %(limit)s) ORDER BY id DESC"""  # noqa: S608  # as above
    return [Found(*row) for row in connection.exec_driver_sql(sql, {**bound, "top": top, "limit": limit})]


def _backwards(
    connection: Connection, wanted: Filter, limit: int, page: Page, top: int, oldest: int, budget_s: float
) -> Page:
    end = monotonic_s() + budget_s
    for low, high in _steps(top, oldest):
        if monotonic_s() > end:
            page.searched_to = high
            break
        page.rows += _between(connection, wanted, limit - len(page.rows), low, high)
        if len(page.rows) >= limit:
            break
    return page


def _steps(top: int, oldest: int) -> Iterator[tuple[int, int]]:
    while top > oldest:
        yield top - _STEP, top
        top -= _STEP
