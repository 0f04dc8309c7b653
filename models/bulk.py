"""Many rows by one statement whose text never changes: they travel as one JSON text and are typed by the server.

A VALUES list of n rows must be compiled and parsed anew for every n: three quarters of a batch's time. One array per
column through `unnest` is as good for the server, but psycopg builds arrays in Python, value by value. msgspec writes
instants, UUIDs and bytes (base64) itself, in a sixteenth of the time of the standard library. Many rows that are surely
new go by COPY instead (`models.copying`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain, starmap
from typing import Any, LiteralString

import msgspec
from psycopg import sql
from sqlalchemy import BigInteger, Boolean, Connection, Date, LargeBinary, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from models.copying import MANY, copy_rows
from models.statements import Statement

_TYPES: tuple[tuple[type, LiteralString], ...] = (
    (JSONB, "jsonb"),
    (PG_UUID, "uuid"),
    (TIMESTAMP, "timestamptz"),
    (LargeBinary, "text"),
    (SmallInteger, "smallint"),
    (BigInteger, "bigint"),
    (Boolean, "boolean"),
    (Date, "date"),
    (Text, "text"),
)


def insert_rows(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    once_by: tuple[str, ...] = (),
    returning: tuple[str, ...] = (),
) -> list[Any]:
    """Insert `rows`, which all have the same keys (column names).

    With `once_by`, a row whose key is there already is left out; then the rows should come sorted by it, so that two
    transactions meet in one order. Returns the `returning` columns of the rows that came into being.
    """
    names, lines = lines_of(rows)
    return insert_lines(connection, table, names, lines, once_by=once_by, returning=returning)


def insert_lines(
    connection: Connection,
    table: Table,
    names: tuple[str, ...],
    lines: Sequence[tuple[Any, ...]],
    *,
    once_by: tuple[str, ...] = (),
    returning: tuple[str, ...] = (),
) -> list[Any]:
    """As `insert_rows`, of rows that are values of the columns `names` in that order."""
    if len(lines) >= MANY and not (once_by or returning):
        copy_rows(connection, table, names, lines)
        return []
    part = insertion(table, names, lines, once_by=once_by, returning=returning)
    result = connection.exec_driver_sql(part.text, part.bound)
    return list(result.all()) if returning else []


def insertion(
    table: Table,
    names: tuple[str, ...],
    lines: Sequence[tuple[Any, ...]],
    *,
    once_by: tuple[str, ...] = (),
    returning: tuple[str, ...] = (),
) -> Statement:
    """The same as a statement that is still to be sent, together with others."""
    return Statement(_insert(table, names, once_by, returning), {"rows": _rows(names, lines)})


def append_lines(connection: Connection, table: Table, names: tuple[str, ...], lines: Sequence[tuple[Any, ...]]) -> list[Statement]:
    """Add rows that are surely new: many at once, few by a statement that is still to be sent, together with others."""
    if len(lines) < MANY:
        return [insertion(table, names, lines)]
    copy_rows(connection, table, names, lines)
    return []


def lines_of(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Names and lines of rows that all have the same keys."""
    names = tuple(rows[0])
    return names, [tuple(map(row.__getitem__, names)) for row in rows]


def update(table: Table, names: tuple[str, ...], lines: Sequence[tuple[Any, ...]]) -> Statement:
    """Set the columns `names`, `id` first among them, in rows that are values of these in that order; still to be sent."""
    return Statement(_update(table, names), {"rows": _rows(names, lines)})


@cache
def _insert(table: Table, names: tuple[str, ...], once_by: tuple[str, ...], returning: tuple[str, ...]) -> str:
    columns = _listed(names)
    values = sql.SQL(", ").join(_value(table, name) for name in names)
    parts = [
        sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(_name(table), columns, values, _records(table, names))
    ]
    if once_by:
        parts.append(sql.SQL("ON CONFLICT ({}) DO NOTHING").format(_listed(once_by)))
    if returning:
        parts.append(sql.SQL("RETURNING {}").format(_listed(returning)))
    return sql.SQL(" ").join(parts).as_string()


@cache
def _update(table: Table, names: tuple[str, ...]) -> str:
    values = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), _value(table, name)) for name in names if name != "id"
    )
    statement = sql.SQL("UPDATE {} AS old SET {} FROM (SELECT * FROM {} LIMIT {}) AS new WHERE old.id = new.id")
    return statement.format(_name(table), values, _records(table, names), _FEW).as_string()


_FEW = sql.SQL("(SELECT json_array_length({}::json))").format(sql.Placeholder("rows"))
"""All of the rows. PostgreSQL takes a set of records for 100 rows, and reads a whole table to change one of them; of a limit that
it cannot know beforehand it expects a tenth, and finds them by their keys."""


def _records(table: Table, names: tuple[str, ...]) -> sql.Composed:
    typed = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(_type(table, name))) for name in names
    )
    return sql.SQL("json_to_recordset({}::json) AS new ({})").format(sql.Placeholder("rows"), typed)


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema or "public", table.name)


def _listed(names: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _value(table: Table, name: str) -> sql.Composable:
    value = sql.SQL("new.{}").format(sql.Identifier(name))
    return sql.SQL("decode({}, 'base64')").format(value) if isinstance(table.c[name].type, LargeBinary) else value


def _type(table: Table, name: str) -> LiteralString:
    return next(text for kind, text in _TYPES if isinstance(table.c[name].type, kind))


def as_json(value: object) -> str:
    """A value as the text of one JSON parameter.

    Raises:
        TypeError: it holds what JSON and this module have no text for.
    """
    return _ENCODER.encode(value).decode()


def _rows(names: tuple[str, ...], lines: Sequence[tuple[Any, ...]]) -> str:
    # msgspec would write a float that is no number as null. Within a JSON column none can come from JSON.
    if float in set(map(type, chain.from_iterable(lines))):
        raise TypeError("a float cannot be written in bulk: use integer minor units, or text")
    if not {len(names)}.issuperset(map(len, lines)):
        raise ValueError(f"each row has a value for each of {', '.join(names)}")
    return as_json(list(starmap(_record(names), lines)))


@cache
def _record(names: tuple[str, ...]) -> type[msgspec.Struct]:
    """A row that is written without what is null in it: a name that is not there is null, too, and need not be read."""
    return msgspec.defstruct("Row", [(str(name), Any, None) for name in names], omit_defaults=True, gc=False)


_ENCODER = msgspec.json.Encoder()
