"""A PostgreSQL whose databases are kept between runs: filling ten million rows is done once, measuring often."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from benchmarks import ground as grounds
from benchmarks.growth.fill import fill
from cli.embedded import ground
from models import versions
from models.migrate import migrate
from tests.harness.broker import Broker
from tests.harness.cluster import Cluster, Database, drop, remove, scratch_folder
from tests.harness.ports import free_range
from tests.harness.processes import Processes

_FILLING = {
    "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "16GB", "checkpoint_timeout": "60min",
    "shared_buffers": "1GB", "max_parallel_maintenance_workers": "2", "autovacuum": "off",
}

# What an earlier run left open would be this one's backlog.
_LEFT_OPEN = (
    "DELETE FROM bursar.schedule_slot",
    "DELETE FROM bursar.inbox_claim",
    "UPDATE bursar.inbox SET state = 'done', done_at = received_at WHERE state = 'received'",
    "UPDATE bursar.outbox SET state = 'done', done_at = created_at WHERE state = 'received'",
    "VACUUM (INDEX_CLEANUP ON, ANALYZE) bursar.inbox, bursar.outbox",
)


class KeptCluster(Cluster):
    """A cluster in a folder that stays. `filling`: without fsync and log, for nothing that is measured."""

    def __init__(self, folder: Path, *, filling: bool) -> None:
        self.folder = folder
        self._fsync = not filling
        self._options = _FILLING if filling else grounds._OPTIONS
        self._numbers = itertools.count(1)
        self.ground = ground.settle(folder / "home")
        self.log = folder / "postgres.log"
        self.port = free_range()
        self.server = self._started()


class Yard(grounds.Ground):
    """The services of this benchmark."""

    def __init__(self, folder: Path) -> None:
        self.cluster = KeptCluster(folder, filling=False)
        self.broker = Broker()
        self.processes = Processes(scratch_folder())

    def discard(self) -> None:
        """Stop everything; the data stays."""
        for running in self.processes._running:
            running.kill()
        remove(self.processes._folder)
        self.broker.discard()
        self.cluster.stop()

    @contextmanager
    def opened(self, rows: int, *, copied: bool) -> Iterator[Database]:
        """The database of that size at this version's migrations, or a copy that is gone afterwards; an empty broker."""
        self.broker.flush()
        name = _name(rows)
        migrate(self.cluster.url(name))
        _mark(self.cluster.url(), name)
        if copied:
            name, original = f"{name}_copy", name
            drop(self.cluster.url(), name)
            with psycopg.connect(self.cluster.url(), autocommit=True) as connection:
                names = (sql.Identifier(name), sql.Identifier(original))
                connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(*names))
        else:
            with psycopg.connect(self.cluster.url(name), autocommit=True) as connection:
                for statement in _LEFT_OPEN:
                    connection.execute(statement)
        try:
            yield Database(self.cluster.url(name), self.broker.url, self.processes._folder)
        finally:
            if copied:
                drop(self.cluster.url(), name)


def filled(folder: Path, sizes: Sequence[int], now: datetime) -> None:
    """Make the databases that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        folder.chmod(0o711)
    cluster = KeptCluster(folder, filling=True)
    try:
        for rows in sizes:
            with psycopg.connect(cluster.url(), autocommit=True) as connection:
                if _usable(connection, _name(rows)):
                    continue
                drop(cluster.url(), _name(rows))
                making = f"{_name(rows)}_making"
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(making)))
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(making)))
                fill(cluster.url(making), rows, now)
                names = (sql.Identifier(making), sql.Identifier(_name(rows)))
                connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))
                _mark(cluster.url(), _name(rows))
    finally:
        cluster.stop()
    os.sync()


def _usable(connection: psycopg.Connection[Any], name: str) -> bool:
    """Whether it is there and the migrations that made it are still the same: a file may change until it is released."""
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    row = connection.execute(query, [name]).fetchone()
    number, _, digest = str(row[0] if row else "").partition(":")
    return bool(digest) and digest == _digest(number)


def _mark(cluster_url: str, name: str) -> None:
    """Note which migrations made a database."""
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        mark = f"{versions.head()}:{_digest(versions.head())}"
        connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(mark)))


def _digest(head: str) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in versions.files() if path.name[:4] <= head)).hexdigest()


def _name(rows: int) -> str:
    return f"growth_{rows}"
