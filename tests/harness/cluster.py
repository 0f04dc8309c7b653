"""A PostgreSQL cluster of a test run, or of one test that kills it."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from cli.embedded import ground, postgres
from cli.embedded.errors import EmbeddedError
from core.clock import monotonic_s
from core.settings import Settings
from models.command_kinds import synchronise
from models.migrate import migrate
from tests.harness.environment import make_settings
from tests.harness.ports import free_range
from tests.harness.waiting import PATIENCE_S, wait_until
from workers.routes import ROUTES

TEMPLATE = "bursar_template"
KINDS = dict(ROUTES.get("app", {}))
"""The commands that the template knows: the code's own, without what a test plugs in."""
_MEMORY = Path("/dev/shm")
_ROOM = 4 * 1024**3
_SETTABLE = 160_000
_COPY = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
"""Copied as files: through the log, PostgreSQL's default, it takes four times the processor's time."""
_kept_open: dict[str, psycopg.Connection[Any]] = {}


class Database:
    """One database, made from the migrated template; gone after the test."""

    def __init__(self, url: str, broker_url: str, home: Path) -> None:
        self.url = url
        self.broker_url = broker_url
        self.home = home

    def settings(self, **overrides: Any) -> Settings:
        """Settings that point here (and at this worker's Redis); `overrides` win."""
        here: dict[str, Any] = {"database_url": self.url, "broker_url": self.broker_url, "home": self.home}
        return make_settings(**(here | overrides))

    def connect(self, **kwargs: Any) -> psycopg.Connection[Any]:
        """A new connection as the owner; autocommit unless said otherwise. Use it in a `with`."""
        return psycopg.connect(self.url, **({"autocommit": True} | kwargs))


class Cluster:
    """A server with a template database. `fsync=False` where nothing is killed."""

    def __init__(self, *, fsync: bool, options: dict[str, str] | None = None) -> None:
        self.folder = scratch_folder()
        self._fsync = fsync
        self._options = {"max_wal_size": "128MB", "min_wal_size": "32MB"} | (options or {})
        self._numbers = itertools.count(1)
        self.ground = ground.settle(self.folder / "home")
        self.log = self.folder / "postgres.log"
        self.port = free_range()
        self.server = self._started()

    def start(self) -> None:
        """Start again after `stop` or `kill`, on the same port and data."""
        self.server = self._started()

    def stop(self) -> None:
        """End as an operator would: sessions cut, checkpoint, off."""
        self.server.stop()

    def kill(self) -> None:
        """The postmaster dies at once; its backends notice and go."""
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait()

    def discard(self) -> None:
        """Stop without care and remove everything."""
        self.server.process.send_signal(signal.SIGQUIT)
        self.server.process.wait(60)
        for path in {self.folder, self.ground.data}:
            remove(path)

    def url(self, database: str = "postgres") -> str:
        """Owner's URL of a database of this cluster."""
        return self.server.url(database)

    def make_template(self) -> None:
        """The migrated database that all others are copied from."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
        migrate(self.url(TEMPLATE))
        synchronise(self.url(TEMPLATE), KINDS)

    def let_in_quickly(self) -> None:
        """The owner's password is hashed once instead of 4,096 times: 3 ms of processor for each of a run's 10,000 connections.

        PostgreSQL 15 knows no other number; it stays as it is there.
        """
        with psycopg.connect(self.url(), autocommit=True) as connection:
            if connection.info.server_version >= _SETTABLE:
                connection.execute("SET scram_iterations = 1")
                connection.execute(sql.SQL("ALTER ROLE CURRENT_USER PASSWORD {}").format(sql.Literal(self.server.password)))

    def database(self, broker_url: str, home: Path) -> Database:
        """A fresh, migrated database of this cluster (the template is made on first use)."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (TEMPLATE,)).fetchone():
                self.make_template()
        name = f"own_{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(_COPY.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
        return Database(self.url(name), broker_url, home)

    def _started(self) -> postgres.Postgres:
        deadline_s = monotonic_s() + PATIENCE_S
        while True:
            server = postgres.start(self.ground, self.port, log=self.log, fsync=self._fsync, options=self._options)
            try:
                postgres.wait_ready(server, self.log)
            except EmbeddedError:
                # After a kill the old backends hold the shared memory until they have noticed.
                if monotonic_s() > deadline_s:
                    raise
                server.process.wait(60)
                time.sleep(0.1)
            else:
                return server


def scratch_folder() -> Path:
    """A new folder for services' data, which their user can pass through when we are root.

    In memory where there is plenty: a database is 400 files, and on disk the tests' thousand of them cost the kernel minutes.
    """
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM and os.access(_MEMORY, os.W_OK)
    folder = Path(tempfile.mkdtemp(prefix="bursar-tests-", dir=_MEMORY if roomy else None))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    return folder


def remove(folder: Path) -> None:
    """Delete a folder whose services were told to go and may still be writing their last."""

    def gone() -> bool:
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    wait_until(gone, what=f"{folder} to go")


def copy_template(cluster_url: str, name: str) -> str:
    """Make database `name` of the run's cluster from the template; returns its URL."""
    _kept(cluster_url).execute(_COPY.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
    return cluster_url.rsplit("/", 1)[0] + "/" + name


def drop(cluster_url: str, name: str) -> None:
    """Remove a database of the run's cluster, cutting off whoever still uses it."""
    _kept(cluster_url).execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def let_go() -> None:
    """Close the connections that `copy_template` and `drop` keep."""
    while _kept_open:
        _kept_open.popitem()[1].close()


def _kept(cluster_url: str) -> psycopg.Connection[Any]:
    """A connection that is used again; a new one costs as much as a quarter of a database."""
    found = _kept_open.get(cluster_url)
    if found is None or found.closed:
        found = _kept_open[cluster_url] = psycopg.connect(cluster_url, autocommit=True)
    return found
