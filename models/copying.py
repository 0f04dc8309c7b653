"""Many new rows by COPY, which spares the server the parsing of names, and each row its own entry in the log.

Measured for an invoice: 24 us of the server instead of 41, an audit row 12 instead of 16. It needs two round trips and a quarter of a
millisecond more of the client, so it is for many; and a row whose key is taken fails the whole transaction, so it is for rows that are
surely new.

The text is made in one piece, by the encoder of JSON: one array per line is CSV with a backslash for escape, once its brackets are off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Self, cast

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy import Connection, LargeBinary, Table
from sqlalchemy.dialects.postgresql import JSONB

MANY = 64
"""From about so many rows on it costs less than an INSERT: wide ones from 25 on, narrow ones from 80."""

_ENCODER = msgspec.json.Encoder()
_ESCAPED = re.compile(rb'\\(?:["\\bfnrt]|u[0-9a-f]{4})')
_KEPT = frozenset({b'\\"', b"\\\\"})


def copy_rows(connection: Connection, table: Table, names: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> None:
    """Add rows, each with a value for each of the columns `names`.

    Raises:
        TypeError: a value is a float, or has no text in JSON.
        IntegrityError: a key is taken; the transaction is lost.
    """
    text = _csv(table, names, rows)
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    driver.cursor_factory = _Copying
    try:
        connection.exec_driver_sql(_copy(table, names), (text,))
    finally:
        driver.cursor_factory = psycopg.Cursor


class _Copying(psycopg.Cursor[Any]):
    """Sends its parameter behind the statement, so that SQLAlchemy sees a statement like any other, and its errors."""

    def execute(self, query: Any, params: Any = None, **_options: Any) -> Self:
        """Copy the one parameter."""
        (text,) = params
        with self.copy(query) as copy:
            copy.write(text)
        return self


def _csv(table: Table, names: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> bytes:
    columns = [_column(table, name, values) for name, values in zip(names, zip(*rows, strict=True), strict=True)]
    text = _ENCODER.encode_lines(list(zip(*columns, strict=True)))
    # Within JSON's texts no line ends, so this is where a row does.
    text = text[1:-2].replace(b"]\n[", b"\n")
    if b"\\" in text.replace(b"\\\\", b"").replace(b'\\"', b""):
        # CSV knows no other escapes; what they mean may stand in it as it is.
        text = _ESCAPED.sub(_meant, text)
    return text


def _column(table: Table, name: str, values: Sequence[Any]) -> Sequence[Any]:
    if float in set(map(type, values)):
        raise TypeError("a float cannot be written in bulk: use integer minor units, or text")
    kind = table.c[name].type
    if isinstance(kind, JSONB):
        return [None if value is None else _ENCODER.encode(value).decode() for value in values]
    if isinstance(kind, LargeBinary):
        return [None if value is None else f"\\x{value.hex()}" for value in values]
    return values


def _meant(found: re.Match[bytes]) -> bytes:
    kept = found[0] in _KEPT
    return found[0] if kept else msgspec.json.decode(b'"%b"' % found[0], type=str).encode()


@cache
def _copy(table: Table, names: tuple[str, ...]) -> str:
    statement = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv, NULL 'null', ESCAPE '\\')")
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    return statement.format(sql.Identifier(table.schema or "public", table.name), columns).as_string()
