"""Which migrations there are and how far a database is: a cheap question, asked at every start, without Alembic."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import psycopg

VERSIONS = Path(__file__).parent / "migrations" / "versions"

_OPTIONS = "-c statement_timeout=5000"
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class MigrationError(Exception):
    """The schema cannot be brought to this version; the message says what to do."""


def files() -> list[Path]:
    """The migrations in the order in which they run.

    Raises:
        MigrationError: a name that does not fit, or a number used twice.
    """
    found = sorted(VERSIONS.glob("*.sql"))
    for path in found:
        if not _NAME.fullmatch(path.name):
            raise MigrationError(f"{path.name}: a migration is called NNNN_name.sql (lower case); rename it")
    for one, other in itertools.pairwise(found):
        if one.name[:4] == other.name[:4]:
            raise MigrationError(f"{one.name} and {other.name} have one number: give the later one the next one")
    return found


def head() -> str:
    """The number of the newest migration of this version of the code."""
    return files()[-1].name[:4]


def current(database_url: str) -> str | None:
    """The number of the newest migration that the database has, None before the first.

    Raises:
        psycopg.Error: the database cannot be reached within 3 s, or holds the table for more than 5 s.
    """
    with psycopg.connect(database_url, autocommit=True, connect_timeout=3, options=_OPTIONS) as connection:
        known = connection.execute("SELECT to_regclass('bursar.alembic_version') IS NOT NULL").fetchone()
        if known != (True,):
            return None
        row = connection.execute("SELECT version_num FROM bursar.alembic_version").fetchone()
        return None if row is None else str(row[0])
