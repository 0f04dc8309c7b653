"""The database of a simulation: a cluster of its own that is thrown away, so that it may forget at a power cut, and is quick."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import psycopg

from cli.embedded import ground, postgres
from cli.embedded.ports import any_free
from core.clock import FixedClock
from models.command_kinds import synchronise
from models.migrate import migrate
from workers.routes import ROUTES

_MEMORY = Path("/dev/shm")  # noqa: S108  # memory, if there is enough of it
_ROOM = 4 * 1024**3
_OPTIONS = {
    "synchronous_commit": "off", "max_wal_size": "512MB", "shared_buffers": "512MB", "autovacuum_naptime": "60s",
    "autovacuum_vacuum_insert_threshold": "-1", "checkpoint_timeout": "30min", "wal_level": "minimal", "max_wal_senders": "0",
    "autovacuum_analyze_threshold": "2000000000",  # the play has its rows counted when it needs it
}  # fmt: skip
_LONGEST_SOCKET = 90
"""Of a folder for sockets: the kernel takes 107 bytes with the name in it. Over a socket a statement takes a quarter less than by TCP."""
_COLLECT = (50_000, 20, 100)
"""How rarely Python looks for rings of objects: a play keeps what it makes, and looking through all of it was 7 percent of its time."""
_TABLES = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'bursar' AND c.relkind = 'r'"


class NotEmptyError(Exception):
    """The database holds something: a simulation would mix its rows with others."""


@contextmanager
def throw_away_cluster() -> Iterator[str]:
    """URL of an empty database in a new cluster, which is gone afterwards."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM and os.access(_MEMORY, os.W_OK)
    folder = Path(tempfile.mkdtemp(prefix="bursar-simulate-", dir=_MEMORY if roomy else None))
    allowed = sorted(os.sched_getaffinity(0))
    with ExitStack() as stack:
        stack.enter_context(on_processor(allowed[os.getpid() % len(allowed)]))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if os.geteuid() == 0:
            folder.chmod(0o711)
        place = ground.settle(folder / "home")
        stack.callback(shutil.rmtree, place.data, ignore_errors=True)
        log, sockets = folder / "postgres.log", place.folder("sockets")
        near = len(str(sockets)) <= _LONGEST_SOCKET
        options = {**_OPTIONS, "unix_socket_directories": str(sockets) if near else ""}
        server = postgres.start(place, any_free(), log=log, fsync=False, options=options)
        stack.callback(_ended, server)
        postgres.wait_ready(server, log)
        yield server.url(sockets=sockets if near else None)


def _ended(server: postgres.Postgres) -> None:
    """At once: nothing of it is kept."""
    server.process.send_signal(signal.SIGQUIT)
    server.process.wait(60)


@contextmanager
def on_processor(number: int) -> Iterator[None]:
    """Keep this process, and what it starts meanwhile, on one processor.

    A play and its server take turns at each statement and are never busy both. To wake another processor for each turn cost a quarter
    of the time.
    """
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {number})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def rarely_collected() -> Iterator[None]:
    """What is here already is not looked through for garbage, and what comes is seldom."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_COLLECT)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def prepare(url: str, now: datetime) -> None:
    """The schema, as `bursar migrate` makes it, at the play's beginning.

    Raises:
        NotEmptyError: there is one already.
    """
    with psycopg.connect(url) as connection:
        found = connection.execute(_TABLES).fetchone()
    if found is not None and found[0]:
        raise NotEmptyError("the database is not empty: nothing was changed; name an empty one, or none to get one of its own")
    migrate(url, clock=FixedClock(now))
    synchronise(url, ROUTES["app"])
