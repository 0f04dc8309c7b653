"""The whole machine inside the test's process: commands in, events in, the real runners on real rows, a clock that jumps to what is due."""

from __future__ import annotations

import itertools
import json
import weakref
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg

from core.clock import FixedClock, SystemClock
from core.settings import QUEUES
from models.command_kinds import synchronise
from models.database import make_engine
from tests.factories.inbox import store_event
from tests.harness.cluster import KINDS, Database
from workers import inbox, inbox_claims, outbox, outbox_claims
from workers.context import make_context
from workers.routes import ROUTES
from workers.routing import queue_of

_PROMOTE = tuple(
    f"UPDATE bursar.{table} SET state = 'received', ready_at = clock_timestamp() WHERE state = 'waiting' AND next_at <= %(now)s"
    for table in ("inbox", "outbox")
)
_NEXT = """SELECT min(next_at) FROM (SELECT next_at FROM bursar.inbox WHERE state = 'waiting' UNION ALL
                                     SELECT next_at FROM bursar.outbox
                                     WHERE state = 'waiting' AND error_class IS DISTINCT FROM 'NotConfigured') AS due"""
"""What waits for a setting, such as a mail for a server to send it through, waits for ever here."""
_LOOK = """SELECT 'inbox ' || queue FROM bursar.inbox WHERE state = 'received'
           UNION SELECT 'outbox ' || queue FROM bursar.outbox WHERE state = 'received'
           UNION ALL (SELECT 'due' FROM bursar.inbox WHERE state = 'waiting' AND next_at <= %(now)s LIMIT 1)
           UNION ALL (SELECT 'due' FROM bursar.outbox WHERE state = 'waiting' AND next_at <= %(now)s LIMIT 1)
           UNION ALL (SELECT 'lapsed' FROM bursar.inbox_claim WHERE lease_until < clock_timestamp() LIMIT 1)
           UNION ALL (SELECT 'lapsed' FROM bursar.outbox WHERE state = 'processing' AND lease_until < clock_timestamp() LIMIT 1)"""
_RUNNERS = {"inbox": inbox.drain, "outbox": outbox.drain}
_ROUNDS = 2_000


class Machine:
    """One database and its workers. Time begins now and only moves when something is waited for."""

    def __init__(self, database: Database, **settings: Any) -> None:
        self.database = database
        self.clock = FixedClock(SystemClock().now())
        fast = {"stripe_rate_per_s": 10_000.0, "paypal_rate_per_s": 10_000.0}
        context = make_context(database.settings(**(fast | settings)), clock=self.clock)
        # Nobody else is here: no connection dies between two statements, and what is prepared may stay so.
        self.context = replace(context, engine=make_engine(database.url, application="bursar-machine", alone=True))
        self._numbers = itertools.count(1)
        self._own: psycopg.Connection[Any] | None = None
        if ROUTES["app"] != KINDS:
            synchronise(database.url, ROUTES["app"])

    def close(self) -> None:
        """Give the connections back."""
        self.context.engine.dispose()
        if self._own is not None:
            self._own.close()

    def submit(self, name: str, payload: Mapping[str, Any], key: str | None = None, *, actor: str | None = None) -> str:
        """A command of the app, a second after what was before, stored and not yet run; its key."""
        self.clock.move_to(self.clock.now() + timedelta(seconds=1))
        key = key or f"key-{next(self._numbers)}"
        self.kept().execute(
            "SELECT bursar.accept_command(%s, %s::jsonb, %s, NULL, %s, 'sql', %s)",
            [name, json.dumps(dict(payload)), key, actor, self.clock.now()],
        )
        return key

    def status(self, key: str) -> dict[str, Any]:
        """How a command stands, as the app is told."""
        return dict(self.one("SELECT bursar_api.status(%s)", key) or {})

    def run(self, name: str, payload: Mapping[str, Any], key: str | None = None, *, actor: str | None = None) -> dict[str, Any]:
        """A command, and all that follows from it; its status."""
        key = self.submit(name, payload, key, actor=actor)
        self.settle()
        return self.status(key)

    def deliver(self, event: Mapping[str, Any], source: str = "stripe") -> int:
        """A provider's event, as the door would store it; nothing of it is done yet. The same id again is left out."""
        event_type = str(event["type"] if source == "stripe" else event["event_type"])
        known = self.one("SELECT id FROM bursar.inbox WHERE source = %s AND event_id = %s", source, event["id"])
        if known is not None:
            return int(known)
        return store_event(
            self.kept(), dict(event), source=source, event_id=event["id"], event_type=event_type,
            queue=queue_of(source, event_type), now=self.clock.now(),
        )  # fmt: skip

    def settle(self, most: timedelta = timedelta(days=30)) -> None:
        """Work until nothing is open; waits are jumped over, `most` of them in all.

        Raises:
            AssertionError: it does not come to rest.
        """
        end = self.clock.now() + most
        for _ in range(_ROUNDS):
            if self.work():
                continue
            due = self.one(_NEXT)
            if due is None or due > end:
                return
            self.clock.move_to(max(due, self.clock.now()))
        raise AssertionError("the machine does not come to rest")

    def work(self) -> bool:
        """One round over all queues, at this instant; whether anything was done."""
        promoted, moved, waiting = 0, 0, self._look()
        if {"due", "lapsed"} & waiting:
            promoted, waiting = self._promote(), self._look()
        for queue in QUEUES:
            for table, runner in _RUNNERS.items():
                # Most queues are empty most of the time, and one look at all costs less than one claim.
                if f"{table} {queue}" in waiting:
                    moved += runner(self.context, queue).settled
                    waiting = self._look()
        return bool(promoted or moved)

    def connect(self) -> psycopg.Connection[Any]:
        """A connection as the owner, to look around."""
        return self.database.connect()

    def one(self, sql: str, *values: Any) -> Any:
        """The single value of a query; None without a row."""
        found = self.kept().execute(sql, values or None).fetchone()
        return None if found is None else found[0]

    def all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.kept().execute(sql, values or None).fetchall()

    def _look(self) -> set[str]:
        """What there is to do: tables with their queues, and whether waits or leases are over."""
        return {found for (found,) in self.kept().execute(_LOOK, {"now": self.clock.now()}, prepare=True)}

    def _promote(self) -> int:
        now = self.clock.now()
        with self.context.engine.begin() as connection:
            promoted = sum(connection.exec_driver_sql(sql, {"now": now}).rowcount for sql in _PROMOTE)
            for lapse in (inbox_claims.lapse, outbox_claims.lapse):
                lapse(connection, self.context.settings.max_crashes, now)
        return promoted

    def kept(self) -> psycopg.Connection[Any]:
        """A connection that is used again: a new one for each look costs ten times the look. Each statement commits by itself."""
        if self._own is None or self._own.closed:
            # Nothing stays prepared: a test may change a table.
            self._own = self.database.connect(prepare_threshold=None)
            weakref.finalize(self, self._own.close)
        return self._own

    def failures(self) -> list[tuple[Any, ...]]:
        """Rows that are waiting or dead, with their errors: what a test looks at when it did not end as it should."""
        return self.all(
            """SELECT 'inbox', event_type, state, error FROM bursar.inbox WHERE state IN ('waiting', 'dead')
               UNION ALL SELECT 'outbox', kind || ' ' || key, state, error FROM bursar.outbox
               WHERE state IN ('waiting', 'dead') AND error_class IS DISTINCT FROM 'NotConfigured'"""
        )
