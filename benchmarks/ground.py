"""The ground that contestants stand on: one PostgreSQL with fsync on and one Redis, a fresh database for each round."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.cpu import tree_us
from benchmarks.events import Made
from core.settings import Settings
from tests.harness.broker import Broker
from tests.harness.cluster import Cluster, Database, drop
from tests.harness.processes import Processes

_OPTIONS = {"max_wal_size": "4GB", "checkpoint_timeout": "30min", "shared_buffers": "256MB"}
"""So that no checkpoint falls into one contestant's round by chance; each round begins with one."""


class Ground:
    """The services of one benchmark."""

    def __init__(self, options: dict[str, str] | None = None) -> None:
        self.cluster = Cluster(fsync=True, options=_OPTIONS | (options or {}))
        self.broker = Broker()
        self.processes = Processes(self.cluster.folder)

    def discard(self) -> None:
        """Stop and remove everything."""
        for running in self.processes._running:
            running.kill()
        self.broker.discard()
        self.cluster.discard()

    @property
    def version(self) -> str:
        """PostgreSQL's version."""
        with psycopg.connect(self.cluster.url()) as connection:
            return connection.execute("SHOW server_version").fetchone()[0]  # type: ignore[index, no-any-return]  # a row

    def postgres_us(self) -> int:
        """Processor time of the whole server so far."""
        return tree_us(self.cluster.server.process.pid)

    @contextmanager
    def database(self) -> Iterator[Database]:
        """A fresh database and an empty broker."""
        self.broker.flush()
        database = self.cluster.database(self.broker.url, Path(self.cluster.folder))
        with database.connect() as connection:
            connection.execute("SELECT bursar.ensure_payload_month('2026-11-01')")
            for statement in SAME_JOB:
                connection.execute(statement)
        try:
            yield database
        finally:
            drop(self.cluster.url(), database.url.rsplit("/", 1)[1])

    def settings(self, database: Database, **overrides: Any) -> Settings:
        """The product's settings as it is shipped, but where things are."""
        return database.settings(**({"workers_per_queue": 2} | overrides))


@contextmanager
def ground(options: dict[str, str] | None = None) -> Iterator[Ground]:
    """A ground that is gone afterwards; `options` are further ones of PostgreSQL."""
    made = Ground(options)
    try:
        yield made
    finally:
        made.discard()


SAME_JOB = (
    "CREATE SCHEMA bench",
    """CREATE TABLE bench.item (id text PRIMARY KEY, amount bigint NOT NULL DEFAULT 0, status text NOT NULL DEFAULT 'new',
       event text, changed_at timestamptz) WITH (fillfactor = 85)""",
    """CREATE TABLE bench.effect (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item text NOT NULL,
       event text NOT NULL UNIQUE, at timestamptz NOT NULL, detail jsonb NOT NULL)""",
    "GRANT USAGE ON SCHEMA bench TO bursar_app, bursar_recv",
    "GRANT ALL ON ALL TABLES IN SCHEMA bench TO bursar_app, bursar_recv",
)
"""The job of one UPDATE and one INSERT that the floor and the tutorial do."""


def store(connection: psycopg.Connection[Any], made: Iterable[Made], at: datetime, source: str = "stripe") -> int:
    """Put events into the inbox as the door would have stored them; returns their number."""
    held = list(made)
    with connection.transaction():
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS incoming (number int, event_id text, event_type text, object_id text, "
                           "lane text, sha256 bytea, body bytea) ON COMMIT DELETE ROWS")
        with connection.cursor().copy("COPY incoming FROM STDIN") as copy:
            for number, one in enumerate(held):
                digest = hashlib.sha256(one.body).digest()
                copy.write_row(
                    (number, one.event_id, one.event_type, one.object_id, f"{source}:{one.customer}", digest, one.body)
                )
        connection.execute(_STORE, {"at": at, "source": source})
        connection.execute("INSERT INTO bench.item (id) SELECT object_id FROM incoming ON CONFLICT DO NOTHING")
        if source == "probe":
            # The floor finds its rows there too.
            connection.execute(_CUSTOMERS, {"at": at, "source": source})
    connection.execute("VACUUM ANALYZE bursar.inbox, bursar.inbox_payload, bursar.customer, bench.item")
    connection.execute("CHECKPOINT")
    return len(held)


_STORE = """
    WITH stored AS (
        INSERT INTO bursar.inbox (source, event_id, event_type, object_id, lane, queue, state, sha256, livemode, received_at,
                                  fair_at, next_at)
        SELECT %(source)s, event_id, event_type, object_id, lane, 'payments', 'received', sha256, false, %(at)s,
               %(at)s + number * interval '1 microsecond', %(at)s
        FROM incoming ORDER BY number
        RETURNING id, event_id, received_at)
    INSERT INTO bursar.inbox_payload (inbox_id, received_at, headers, body)
    SELECT stored.id, stored.received_at, '{}', incoming.body FROM stored JOIN incoming USING (event_id)"""

_CUSTOMERS = """
    INSERT INTO bursar.customer (id, source, external_id, versions, created_at, updated_at)
    SELECT gen_random_uuid(), %(source)s, object_id, '{}', %(at)s, %(at)s FROM incoming ON CONFLICT DO NOTHING"""
