"""One refund that is to be made at a provider that says what a test has written down, and the machine that makes it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.clock import FixedClock
from models.refund import Refund
from tests.harness.cluster import Database
from tests.harness.scripted import Asked, Scripted
from workers import outbox
from workers.context import Context
from workers.hints import Hinter
from workers.sweep import sweep
from workers.unit import Unit

MADE = {"id": "re_1", "object": "refund", "amount": 700, "currency": "eur", "status": "succeeded", "charge": "ch_1"}
OK: Any = (200, MADE, {})
STORED_500: Any = (500, {"error": {"type": "api_error", "message": "oh"}}, {"Idempotent-Replayed": "true"})
FRESH_500: Any = (500, {"error": {"type": "api_error", "message": "oh"}}, {})
NONE: Any = (200, {"object": "list", "data": [], "has_more": False}, {})


class World:
    """One refund that is to be made, and the machine that makes it."""

    def __init__(self, context: Context, clock: FixedClock, database: Database, script: Scripted) -> None:
        self.context, self.clock, self.database, self.script = context, clock, database, script
        self._hinter = Hinter(context.settings.broker_url.get_secret_value())
        with context.engine.begin() as connection:
            unit = Unit(connection, context.keys, now=clock.now())
            request = unit.row(Refund, "stripe", "REF-1")
            values = {"charge_ref": "ch_1", "amount_minor": 700, "reason": None}
            self.key = unit.submit("refund.create", request, values=values, queue="payments", lane="stripe:cus_1")
            unit.flush()

    def work(self, *replies: Any, after: timedelta = timedelta()) -> tuple[str, str, str | None, int]:
        """Time goes by, what is due is tried until the provider has said all; (submission, call, error class, tries used up)."""
        self.script.replies[:] = replies
        self.clock.move_to(self.clock.now() + after)
        sweep(self.context, self._hinter)
        outbox.drain(self.context, "payments")
        return self.state()

    def state(self) -> tuple[str, str, str | None, int]:
        """(submission's state, call's state, error class, tries used up)"""
        sql = """SELECT s.state, o.state, o.error_class, o.attempts FROM bursar.submission s
                 JOIN bursar.outbox o ON o.key = s.key AND o.kind = s.source || '.submit'"""
        with self.database.connect() as connection:
            found = connection.execute(sql).fetchone()
        assert found is not None
        return found[0], found[1], found[2], found[3]

    def one(self, sql: str) -> Any:
        """A single value."""
        with self.database.connect() as connection:
            found = connection.execute(sql).fetchone()
        return None if found is None else found[0]

    @property
    def posts(self) -> list[Asked]:
        """What was sent to be done."""
        return [asked for asked in self.script.asked if asked.method == "POST"]

    def answers(self) -> list[tuple[str, str]]:
        """(type, id) of the answers that entered the inbox."""
        with self.database.connect() as connection:
            return connection.execute("SELECT event_type, event_id FROM bursar.inbox ORDER BY id").fetchall()

    def close_breaker(self) -> None:
        """So that it does not decide here."""
        self.one("UPDATE bursar.provider_gate SET opens_at = NULL, failures = 0 RETURNING 1")

    def waits_s(self) -> float:
        """Until the call is due again."""
        due = self.one("SELECT next_at FROM bursar.outbox")
        return float((due - self.clock.now()).total_seconds())
