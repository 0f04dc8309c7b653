"""Our binary arrays say what psycopg's would."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from tests.harness.cluster import Database
from webhooks_ingest.arrays import booleans, byteas, instants, texts
from webhooks_ingest.insert import open_connection

TEXTS = ["", "a", None, "\u00e4\u20ac\U0001f600", "x" * 70_000]
BYTES = [b"", b"\x00\xff", b"x" * 70_000]
BOOLEANS = [True, None, False]
INSTANTS = [
    datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC),
    None,
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]


def test_what_goes_in_comes_out(database: Database) -> None:
    async def ask() -> object:
        async with await open_connection(database.url, connect_timeout_s=30) as connection:
            found = await connection.execute(
                "SELECT %b::text[], %b::bytea[], %b::boolean[], %b::timestamptz[], %b::text[]",
                [texts(TEXTS), byteas(BYTES), booleans(BOOLEANS), instants(INSTANTS), texts([])],
                binary=True,
            )
            return await found.fetchone()

    assert asyncio.run(ask()) == (TEXTS, BYTES, BOOLEANS, INSTANTS, [])
