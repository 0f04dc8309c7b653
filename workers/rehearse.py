"""Runs an event's handler for real and then takes everything back: what would a replay write, or how would it fail (INBOX-5).

Nothing is guessed: the handler runs on the real rows, locked, constraints included; what it wrote is read from the
transaction itself, compared with what everybody else sees, and rolled back. No call leaves the house, because calls are
outbox rows, and those go with the rest.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy
from sqlalchemy import Connection

from models.base import SCHEMA, Base
from models.plain import model_of
from workers.batch import Row, read_one
from workers.batch import prepare as prepare_job
from workers.context import Context
from workers.failures import Failure, describe
from workers.inbox import HANDLED, apply
from workers.inbox_claims import take_lane
from workers.routing import route
from workers.unit import Unit

_LANE_TRIES = 20
_LANE_WAIT_S = 0.05
_MINE = "xmin = pg_current_xact_id()::xid"
"""True of the row versions that this transaction wrote."""

_CAUSED = frozenset({"audit", "outbox"})
"""Tables that are only added to, and name the event that caused a row."""

_TABLES_WRITTEN = """SELECT relname FROM pg_stat_xact_user_tables WHERE schemaname = 'bursar' AND n_tup_ins + n_tup_upd + n_tup_del > 0
                     ORDER BY relname"""


@dataclass(frozen=True, slots=True)
class Written:
    """One row that the handler wrote. `before` is None for a new one."""

    table: str
    key: str
    before: dict[str, Any] | None
    after: dict[str, Any]

    @property
    def changed(self) -> dict[str, tuple[Any, Any]]:
        """Column -> (before, after), of the columns that differ."""
        before = self.before or {}
        return {name: (before.get(name), value) for name, value in self.after.items() if before.get(name) != value}


@dataclass(slots=True)
class Rehearsal:
    """What became of one rehearsed event."""

    inbox_id: int
    label: str
    handler: str | None
    written: list[Written] = field(default_factory=list)
    failure: Failure | None = None


class LaneBusyError(RuntimeError):
    """A worker has events of the same customer or account in hand."""


def rehearse(context: Context, row_id: int) -> Rehearsal | None:
    """Run one inbox row's handler and roll back; None when there is no such row. The row itself is not touched."""
    with context.engine.connect() as connection:
        row = read_one(connection, row_id)
        if row is None:
            return None
        found = route(row.source, row.event_type)
        result = Rehearsal(row_id, f"{row.source} {row.event_type}", found.name if found else None)
        try:
            result.written = _run(context, connection, row)
        except HANDLED as error:
            result.failure = describe(error, result.label)
        finally:
            connection.rollback()
    return result


def _run(context: Context, connection: Connection, row: Row) -> list[Written]:
    _take_lane(connection, row)
    job = prepare_job(row)
    unit = Unit(connection, context.keys, now=context.clock.now())
    for _, error in apply(unit, [job]):
        raise error
    known = unit.known
    unit.flush()
    # Deferred constraints speak at the commit, which never comes here.
    connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
    with context.engine.connect() as outside:
        return list(_written(known, connection, outside, row.id))


def _take_lane(connection: Connection, row: Row) -> None:
    for _ in range(_LANE_TRIES):
        if take_lane(connection, row.lane):
            return
        time.sleep(_LANE_WAIT_S)
    raise LaneBusyError(
        f"the lane {row.lane} is busy: a worker has events of the same object in hand; try again in a moment"
    )


def _written(
    known: Sequence[Base], connection: Connection, outside: Connection, inbox_id: int
) -> Iterator[Written]:
    """Rows of mapped tables by their ids, audit and outbox rows by their cause, others by a look at the whole table."""
    tables = [row[0] for row in connection.exec_driver_sql(_TABLES_WRITTEN)]
    loaded: dict[str, list[Any]] = {}
    for instance in known:
        mapper = sqlalchemy.inspect(model_of(instance))
        loaded.setdefault(str(model_of(instance).__tablename__), []).append(getattr(instance, mapper.primary_key[0].name))
    for table in tables:
        where, bound = (
            ("t.inbox_id = %(cause)s", inbox_id) if table in _CAUSED else ("t.id = ANY(%(cause)s)", loaded.get(table))
        )
        after = _rows(connection, table, [_MINE, where] if bound else [_MINE], bound)
        before = _rows(outside, table, [where], bound) if table in loaded else {}
        for key, values in sorted(after.items(), key=lambda item: str(item[0])):
            yield Written(table, str(key), before.get(key), values)


def _rows(connection: Connection, table: str, conditions: Sequence[str], cause: object) -> dict[Any, dict[str, Any]]:
    """Key -> columns. The table's name comes from the database's own catalogue."""
    sql = f"SELECT to_jsonb(t) FROM {SCHEMA}.{table} t WHERE {' AND '.join(conditions)}"  # noqa: S608  # no value is in it
    found = [dict(row[0]) for row in connection.exec_driver_sql(sql, {"cause": cause})]
    return {row.get("id", number): row for number, row in enumerate(found)}
