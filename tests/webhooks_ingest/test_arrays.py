"""Our binary values say what psycopg's would."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from psycopg import errors

from tests.harness.cluster import Database
from webhooks_ingest.arrays import (
    BOOL,
    BOOLS,
    BYTEA,
    BYTEAS,
    INSTANT,
    INSTANTS,
    TEXT,
    TEXTS,
    boolean,
    booleans,
    byteas,
    instant,
    instants,
    shared,
    text,
    texts,
)
from webhooks_ingest.insert import open_connection
from webhooks_ingest.wire import Statement, Value, Wire

MANY_TEXTS = ["", "a", None, "\u00e4\u20ac\U0001f600", "x" * 70_000]
MANY_BYTES = [b"", b"\x00\xff", b"x" * 700_000]
MANY_BOOLEANS = [True, None, False]
MANY_INSTANTS = [
    datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC),
    None,
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]
_KEEP = Statement(
    b"keep",
    b"INSERT INTO public.kept VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    (TEXTS, BYTEAS, BOOLS, INSTANTS, TEXTS, TEXT, BYTEA, BOOL, INSTANT),
)


async def _say(database: Database, *asked: tuple[Statement, Sequence[Value]]) -> list[list[tuple[Value, ...]]]:
    connection = await open_connection(database.url, connect_timeout_s=30)
    wire = Wire(connection)
    try:
        return [await wire.run(statement, values) for statement, values in asked]
    finally:
        wire.abandon()


def test_what_goes_in_comes_out(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE public.kept (a text[], b bytea[], c boolean[], d timestamptz[], "
            "e text[], f text, g bytea, h boolean, i timestamptz)"
        )
        connection.execute("GRANT INSERT ON public.kept TO bursar_recv")
        connection.commit()
        values = [
            texts(MANY_TEXTS), byteas(MANY_BYTES), booleans(MANY_BOOLEANS), instants(MANY_INSTANTS), texts([]),
            text(MANY_TEXTS[3]), MANY_BYTES[1], boolean(False), instant(MANY_INSTANTS[4]),
        ]  # fmt: skip
        asyncio.run(_say(database, (_KEEP, values), (_KEEP, [None] * 9)))
        assert connection.execute("SELECT * FROM public.kept").fetchall() == [
            (
                MANY_TEXTS, MANY_BYTES, MANY_BOOLEANS, MANY_INSTANTS, [],
                MANY_TEXTS[3], MANY_BYTES[1], False, MANY_INSTANTS[4],
            ),
            (None,) * 9,
        ]  # fmt: skip


@pytest.mark.parametrize("values", [["a", "a"], ["a", "b", None], [None, None], ["a"]])
def test_a_column_that_says_the_same_travels_once(database: Database, values: list[str | None]) -> None:
    array, value = shared(texts, text, values)
    assert (array == texts([])) == (len(set(values)) == 1)
    numbers = texts([str(number) for number in range(len(values))])
    ask = Statement(b"ask", b"SELECT coalesce(t.a, $3) FROM unnest($1, $2) AS t(n, a)", (TEXTS, TEXTS, TEXT))
    said = asyncio.run(_say(database, (ask, [numbers, array, value])))
    assert said == [[(text(one),) for one in values]]


def test_a_statement_that_fails_leaves_the_connection_usable(database: Database) -> None:
    async def run() -> list[tuple[Value, ...]]:
        wire = Wire(await open_connection(database.url, connect_timeout_s=30))
        with pytest.raises(errors.DivisionByZero):
            await wire.run(Statement(b"zero", b"SELECT 1 / 0"))
        with pytest.raises(errors.SyntaxError):
            await wire.run(Statement(b"wrong", b"SELEC"))
        said = await wire.run(Statement(b"fine", b"SELECT 'x'"))
        wire.abandon()
        assert wire.closed
        return said

    assert asyncio.run(run()) == [(b"x",)]


def test_an_abandoned_statement_ends_at_once(database: Database) -> None:
    async def run() -> None:
        wire = Wire(await open_connection(database.url, connect_timeout_s=30))
        waiting = asyncio.ensure_future(wire.run(Statement(b"long", b"SELECT pg_sleep(2.5)")))
        await asyncio.sleep(0)
        wire.abandon()
        with pytest.raises(TimeoutError):
            await waiting

    asyncio.run(run())
