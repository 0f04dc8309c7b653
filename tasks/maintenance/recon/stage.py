"""Puts what a provider lists beside our rows: by COPY, page after page, so that no list is ever held in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql

from billing.rules.recon_row import COLUMNS, ReconRow

_COPY = sql.SQL("COPY bursar.recon_staged ({}) FROM STDIN").format(sql.SQL(", ").join(map(sql.Identifier, COLUMNS)))

_FOR_SETS = "SET statement_timeout = '600s'; SET work_mem = '64MB'"


def for_sets(connection: psycopg.Connection[Any]) -> None:
    """Prepare a session: a comparison of millions of rows is one statement, and spills to disk beyond so much memory."""
    connection.execute(_FOR_SETS)


def stage(connection: psycopg.Connection[Any], rows: Iterable[ReconRow]) -> int:
    """Write rows to the staging table, in the caller's transaction; returns how many."""
    count = 0
    with connection.cursor().copy(_COPY) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def clear(connection: psycopg.Connection[Any]) -> None:
    """Empty the staging table; only the holder of the run's lock may."""
    connection.execute("TRUNCATE bursar.recon_staged")
