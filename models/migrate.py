"""Brings a database to this version of the schema: Alembic, fed with plain numbered SQL files.

Why SQL files: a migration is read by the people who run the database, and what runs is what is written. A file
`NNNN_name.sql` in migrations/versions is revision NNNN and follows the number below it; adding the file is all there
is to do. Each runs in a transaction of its own, together with the mark in `bursar.alembic_version` that it has run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from core.clock import Clock, SystemClock
from models.versions import VERSIONS, MigrationError, files, head

MONTHS_AHEAD = 3
"""Months of payload partitions made beyond the present one, so that a stopped scheduler has a season's time."""

_TURNS = 7305129
"""Session lock that makes two migrations of one database take turns (0000_roles.sql has its own, for the cluster)."""


def migrate(database_url: str, *, clock: Clock | None = None) -> list[str]:
    """Run what the database lacks and make the coming months' payload partitions; returns the numbers that ran.

    Safe to run again, and safe when several run at once: they take turns on a lock.

    Raises:
        MigrationError: the database is newer than this code, or a file's name does not fit.
        psycopg.Error: the database refused; the failing file left nothing behind.
    """
    with _connected(database_url) as connection:
        raw = _raw(connection)
        raw.execute("SELECT pg_advisory_lock(%s)", (_TURNS,))
        # A table in use makes a migration fail after a minute rather than queue all other work behind its lock.
        raw.execute("SET timezone = 'UTC'; SET lock_timeout = '60s'")
        raw.execute("CREATE SCHEMA IF NOT EXISTS bursar")
        raw.commit()
        ran = _upgrade(connection)
        _payload_months(raw, (clock or SystemClock()).now().date())
        return ran


def months(first: date, count: int) -> Iterator[date]:
    """The first days of `count` months, from the month of `first` on."""
    for step in range(count):
        year, month = divmod(first.year * 12 + first.month - 1 + step, 12)
        yield date(year, month + 1, 1)


class _SqlFiles(ScriptDirectory):
    """Alembic's directory of revisions, read from `.sql` files instead of Python twins of them."""

    def _load_revisions(self) -> Iterator[Script]:
        before: str | None = None
        for path in files():
            number = path.name[:4]
            yield Script(_module(path, number, before), number, path)
            before = number


def _module(path: Path, number: str, before: str | None) -> ModuleType:
    module: Any = ModuleType(f"migration_{number}")
    module.revision, module.down_revision, module.upgrade = number, before, _runner(path)
    return module  # type: ignore[no-any-return]


def _runner(path: Path) -> Callable[[Connection], None]:
    def upgrade(connection: Connection) -> None:
        # Without parameters psycopg sends the text as it is: many statements, and `%` is only a sign.
        # The cast to bytes says that the text is ours (a literal), not something put together.
        _raw(connection).execute(path.read_bytes())

    return upgrade


@contextmanager
def _connected(database_url: str) -> Iterator[Connection]:
    # Through `creator`, so that any libpq URL or keyword string works, not only what SQLAlchemy can parse.
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(database_url),
        poolclass=NullPool,
    )
    with engine.connect() as connection:
        yield connection


def _raw(connection: Connection) -> psycopg.Connection[Any]:
    raw = connection.connection.driver_connection
    if not isinstance(raw, psycopg.Connection):  # pragma: no cover - we made it ourselves
        raise TypeError(f"expected a psycopg connection, got {type(raw).__name__}")
    return raw


def _upgrade(connection: Connection) -> list[str]:
    scripts = _SqlFiles(str(VERSIONS.parent))
    ran: list[str] = []

    def steps(revision: Any, _context: MigrationContext) -> Iterable[Any]:
        have = revision[0] if revision else None
        if have is not None and have > head():
            raise MigrationError(
                f"the database is at migration {have}, this code knows only up to {head()}: "
                "start the version of Bursar that migrated it, or a newer one; nothing was changed"
            )
        todo = scripts._upgrade_revs("heads", revision)
        ran.extend(str(step.revision.revision) for step in todo)
        return todo

    context = MigrationContext.configure(
        connection,
        opts={"fn": steps, "version_table_schema": "bursar", "transaction_per_migration": True},
    )
    with context.begin_transaction():
        context.run_migrations(connection=connection)
    connection.commit()
    return ran


def _payload_months(raw: psycopg.Connection[Any], today: date) -> None:
    for month in months(today, MONTHS_AHEAD + 1):
        # Rows that came before their month was made: copied in chunks that lock nothing, then moved at once.
        while (raw.execute("SELECT bursar.copy_payload_month(%s, 20000)", (month,)).fetchone() or (0,))[0]:
            raw.commit()
        try:
            with raw.transaction():
                # Whoever reads payloads waits behind this one.
                raw.execute("SET LOCAL lock_timeout = '2s'")
                raw.execute(sql.SQL("SELECT bursar.ensure_payload_month(%s)"), (month,))
        except psycopg.errors.LockNotAvailable:
            continue  # the daily run makes it
    raw.commit()
