"""The machine in one process: the app's commands in, the stand-in's events in, the real runners on real rows, a clock that jumps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from cli.simulate import paypal
from cli.simulate.offices import Offices
from cli.simulate.post import Post
from core import failpoints
from core.clock import FixedClock, monotonic_s
from core.ids import seed_ids
from core.settings import Settings
from models.bulk import as_json
from models.database import make_engine
from models.preparing import Blocking
from models.statements import BY_ITSELF
from providers.sandbox.http.in_process import session_of
from providers.sandbox.stripe.config import Config
from providers.sandbox.stripe.door import StripeApi
from providers.sandbox.stripe.standin import API_KEY
from providers.sandbox.stripe.world import World
from providers.stripe.client import reach_by
from workers import inbox, inbox_claims, outbox, outbox_claims
from workers.context import make_context

BASE = "http://stripe.simulated.invalid"
WEBHOOK_SECRET = "whsec_simulated_0123456789abcdef0123456789"  # noqa: S105  # signs what we send to ourselves
_AUDIT_KEY = "simulated:0123456789abcdef0123456789abcdef"
_OPTIONS = "-c search_path=bursar,pg_catalog -c TimeZone=UTC -c plan_cache_mode=force_generic_plan -c default_statistics_target=10"
"""The play asks the same questions each night: their plans are kept. And it counts its small tables by a tenth of the usual sample."""
_CHANGED = """SELECT relname FROM pg_stat_user_tables
              WHERE schemaname = 'bursar' AND n_mod_since_analyze > 50 + n_live_tup / 5 ORDER BY 1"""
_ROUNDS = 5_000
_BATCH, _ALL_S = 0.0, 3600.0
"""How long a drain may take. Of the inbox: one batch, because the play itself asks whether there is more. Of calls: all."""

_OPEN = """SELECT 'inbox', queue FROM bursar.inbox WHERE state = 'received' GROUP BY queue
           UNION ALL SELECT 'outbox', queue FROM bursar.outbox WHERE state = 'received' AND kind <> 'mail.send' GROUP BY queue
           ORDER BY 1, 2"""
_POSTED = """UPDATE bursar.outbox SET state = 'done', done_at = %(now)s, started_at = %(now)s, result = '{"simulated": true}'
             WHERE kind = 'mail.send' AND state = 'received'"""
_PROMOTE = """WITH events AS (UPDATE bursar.inbox SET state = 'received', ready_at = clock_timestamp()
                              WHERE state = 'waiting' AND next_at <= %(now)s)
              UPDATE bursar.outbox SET state = 'received', ready_at = clock_timestamp() WHERE state = 'waiting' AND next_at <= %(now)s"""
_LET_GO = (
    "UPDATE bursar.inbox_claim SET lease_until = clock_timestamp() - interval '1 second'",
    "UPDATE bursar.outbox SET lease_until = clock_timestamp() - interval '1 second' WHERE state = 'processing'",
    "UPDATE bursar.schedule_slot SET state = 'due', token = NULL, lease_until = NULL WHERE state = 'running'",
)
_ACCEPT = """SELECT bursar.accept_command(name, payload, key, NULL, NULL, 'sql', at)
             FROM jsonb_to_recordset(%s::jsonb) AS letter (name text, payload jsonb, key text, at timestamptz)"""


class Play:
    """One database, its workers, a Stripe, a PayPal, and the clock of all of them."""

    def __init__(self, url: str, begins: datetime, seed: int, *, faults: bool, papers: bool = False) -> None:
        seed_ids(seed)
        self.clock = FixedClock(begins)
        self.api = StripeApi(World(Config(), clock=self.clock, token="PLAY"))  # noqa: S106  # part of its ids
        self.api.world.lock.acquire()  # one thread plays all: it may change the world at any time
        reach_by(BASE, session_of(BASE, self.api))
        self.offices = Offices(self.clock) if papers else None
        said: dict[str, Any] = {
            "database_url": url, "audit_keys": _AUDIT_KEY, "stripe_api_base": BASE, "stripe_api_key": API_KEY, "retry_jitter": 0.0,
            "stripe_webhook_secrets": WEBHOOK_SECRET, "stripe_rate_per_s": 10_000.0, "operator_emails": "operator@example.com",
            # Whatever the environment says: no bank of the real world is asked.
            "batch_size": 200, "mode": "test", "fx_api_base": "", **paypal.SETTINGS, **(self.offices.settings if self.offices else {}),
        }  # fmt: skip
        context = make_context(Settings(**said), clock=self.clock)
        self.context = replace(context, engine=make_engine(url, application="bursar-simulate", alone=True, kind=Blocking))
        self.connection = psycopg.connect(url, autocommit=True, options=_OPTIONS)
        self._asking = self.context.engine.connect()
        self.paypal = paypal.PlayedPayPal(self.clock, self.context.settings)
        self.post = Post(self, WEBHOOK_SECRET, seed, faults=faults)
        self.spent: Counter[str] = Counter()
        """Where the time goes: microseconds of the wall."""
        self.deaths: Counter[str] = Counter()
        self._keys = 0
        self._letters: list[dict[str, Any]] = []

    def close(self) -> None:
        """Give connections back, and chance to the system."""
        failpoints.disarm()
        self.api.world.lock.release()
        self.paypal.close()
        if self.offices is not None:
            self.offices.close()
        self.connection.close()
        self._asking.close()
        self.context.engine.dispose()
        seed_ids(None)

    @property
    def now(self) -> datetime:
        """The play's time."""
        return self.clock.now()

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Count the time of what is inside."""
        began_s = monotonic_s()
        try:
            yield
        finally:
            self.spent[what] += int((monotonic_s() - began_s) * 1_000_000)

    def submit(self, name: str, payload: Mapping[str, Any], key: str | None = None) -> str:
        """A command of the app, stored and not yet run; its key."""
        self._keys += 1
        key = key or f"play-{self._keys}"
        self._letters.append({"name": name, "payload": dict(payload), "key": key, "at": self.now})
        return key

    def _post_letters(self) -> None:
        """Commands of one instant go in by one statement, in the order in which they were given."""
        letters, self._letters = self._letters, []
        if letters:
            with self.timed("commands in"):
                self.connection.execute(_ACCEPT, [as_json(letters)])

    def told(self, key: str) -> dict[str, Any]:
        """How a command stands, as the app is told."""
        found = self.connection.execute("SELECT bursar_api.status(%s)", [key]).fetchone()
        return dict(found[0] or {}) if found else {}

    def outcome(self, key: str) -> dict[str, Any]:
        """How the request of a command stands; empty while nobody knows."""
        found = self.connection.execute("SELECT bursar_api.outcome(%s)", [key]).fetchone()
        told = (found[0] or {}) if found else {}
        return dict(told.get("outcome") or told)

    def all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.connection.execute(sql, values or None).fetchall()

    def kept(self, question: str, *times: datetime) -> list[tuple[Any, ...]]:
        """All rows of a question that this connection's server keeps, by its name: psycopg would read its thousands of characters anew."""
        bound = ", ".join(f"'{at.isoformat()}'" for at in times)
        return self.connection.execute(f"EXECUTE {question} ({bound})".encode(), prepare=False).fetchall()

    def promote(self) -> None:
        """What has waited for this instant is open again."""
        self.connection.execute(_PROMOTE, {"now": self.now})

    def carry_mail(self) -> None:
        """Mails that were written since the last time have been sent."""
        self.connection.execute(_POSTED, {"now": self.now})

    def count_rows(self) -> None:
        """Let the database look at its tables, as it does by itself where hours pass and not days.

        It plans all anew then, so this is for when it has become twice as old: else it plans for the few rows of its first day.
        """
        with self.timed("counting rows"):
            changed = [name for (name,) in self.connection.execute(_CHANGED).fetchall()]
            if changed:
                names = sql.SQL(", ").join(sql.Identifier("bursar", name) for name in changed)
                self.connection.execute(sql.SQL("ANALYZE {}").format(names))

    def settle(self) -> None:
        """Work until nothing is open at this instant.

        Raises:
            RuntimeError: it does not come to rest.
        """
        self._post_letters()
        for _ in range(_ROUNDS):
            with self.timed("webhooks in"):
                self.post.deliver()
            found = self._asking.exec_driver_sql(_OPEN, None, BY_ITSELF).all()
            if not found:
                return
            for table, queue in found:
                self.mortal(table, queue)
        raise RuntimeError(f"the machine does not come to rest at {self.now.isoformat()}: {found}")

    def mortal(self, table: str, queue: str) -> None:
        """Drain a queue; if its worker dies on the way, its claims lapse, as they do in a minute."""
        try:
            with self.timed("events and commands" if table == "inbox" else "calls"):
                if table == "inbox":
                    inbox.drain(self.context, queue, _BATCH)
                else:
                    outbox.drain(self.context, queue, _ALL_S)
        except failpoints.DiedError as death:
            # What it had not committed is undone. The connection stays: a new one would plan each statement anew, half a second's work.
            self.deaths[str(death)] += 1
            for sql in _LET_GO:
                self.connection.execute(sql)
            with self.context.engine.begin() as connection:
                for lapse in (inbox_claims.lapse, outbox_claims.lapse):
                    lapse(connection, self.context.settings.max_crashes, self.now)
