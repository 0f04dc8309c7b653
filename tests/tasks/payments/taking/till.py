"""A till: commands by the app's door, Stripe as a script, webhooks in any order, all in one process on a real database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg

from core.clock import FixedClock
from tests.factories import commands
from tests.factories.inbox import NOW, store_event
from tests.harness.cluster import Database
from tests.harness.scripted import Asked, Scripted, scripted
from workers import inbox, outbox
from workers.context import Context, make_context

Json = dict[str, Any]

ORDER: dict[str, Any] = {
    "source": "stripe", "reference": "order:17", "amount_minor": 1010, "currency": "EUR", "customer_ref": "cus_1",
    "payment_method_ref": "pm_1", "purpose": "credit_package", "purpose_ref": "cp-500",
}  # fmt: skip
ONE = {"source": "stripe", "reference": "order:17"}


class Till:
    """One database, its app and its provider."""

    def __init__(self, context: Context, clock: FixedClock, database: Database, script: Scripted, app: psycopg.Connection[Any]) -> None:
        self.context, self.clock, self.database, self.script, self.app = context, clock, database, script, app
        self._keys = 0

    def do(self, name: str, **payload: Any) -> Json:
        """Submit a command under a key of its own, and work; its status."""
        self._keys += 1
        return self.again(f"key-{self._keys}", name, **payload)

    def again(self, key: str, name: str, **payload: Any) -> Json:
        """Submit under this key, and work."""
        commands.submit(self.app, key, payload, name=f"billing.{name}.v1", actor="user:7")
        self.work()
        found = commands.status(self.app, key)
        assert found is not None
        return found

    def outcome(self, key: str | None = None) -> Json:
        """What `bursar_api.outcome` tells of a command's request; of the newest by default."""
        row = self.app.execute("SELECT bursar_api.outcome(%s)", [key or f"key-{self._keys}"]).fetchone()
        assert row is not None
        return dict(row[0] or {})

    def work(self) -> None:
        """All events that wait; none may fail."""
        failed = inbox.drain(self.context, "payments").failed
        assert [str(failure) for _, _, failure in failed] == []

    def call(self, *replies: tuple[int, Json]) -> list[Asked]:
        """Make the calls that wait, each answered by the next reply; what was sent. The answers are stored, not yet worked at."""
        before = len(self.script.asked)
        self.script.replies[:] = [(status, found, {}) for status, found in replies] or [(500, {"error": {"type": "api_error"}}, {})]
        outbox.drain(self.context, "payments")
        return self.script.asked[before:]

    def answered(self, *replies: tuple[int, Json]) -> list[Asked]:
        """Make the calls that wait and work at their answers."""
        sent = self.call(*replies)
        self.work()
        return sent

    def told(self, event_type: str, found: Json, *, after_s: float = 0.0, work: bool = True) -> None:
        """A webhook, as the door stores it."""
        self._keys += 1
        at = self.clock.now() + timedelta(seconds=after_s)
        event_id = f"evt_told_{self._keys}"
        body = {"id": event_id, "object": "event", "type": event_type, "created": int(at.timestamp()), "data": {"object": found}}
        lane = f"stripe:{found.get('customer') or found['id']}"
        with self.database.connect() as connection:
            store_event(connection, body, source="stripe", event_id=event_id, event_type=event_type, lane=lane, now=at)
        if work:
            self.work()

    def intent(self, status: str, *, attempt: int = 1, reference: str = "order:17", **more: Any) -> Json:
        """The payment intent that the attempt's submission makes at Stripe, tags and all."""
        sent = self.one(
            "SELECT body FROM bursar.submission WHERE operation = 'payment_intent.create' AND request_ref = %s AND attempt = %s",
            reference, attempt,
        )  # fmt: skip
        body = json.loads(sent)
        received = body["amount"] if status == "succeeded" else 0
        found = {
            "id": f"pi_{reference}_{attempt}", "object": "payment_intent", "status": status, "amount": body["amount"],
            "amount_received": received, "currency": body["currency"], "customer": body.get("customer"), "metadata": body["metadata"],
            "application_fee_amount": body.get("application_fee_amount"), "created": int(NOW.timestamp()),
            "latest_charge": None, "last_payment_error": None,
        }  # fmt: skip
        return found | more

    def declined(self, *, attempt: int = 1) -> Json:
        """An intent whose card was refused."""
        error = {
            "type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds",
            "message": "Your card has insufficient funds.",
        }  # fmt: skip
        return self.intent("requires_payment_method", attempt=attempt, last_payment_error=error)

    def refusal(self, intent: Json) -> Json:
        """The error by which Stripe answers the call that made such an intent."""
        return {"error": {**intent["last_payment_error"], "payment_intent": intent}}

    def one(self, sql: str, *values: Any) -> Any:
        """A single value."""
        with self.database.connect() as connection:
            found = connection.execute(sql, values).fetchone()
        return None if found is None else found[0]

    def all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows."""
        with self.database.connect() as connection:
            return connection.execute(sql, values).fetchall()

    def row(self, table: str, external_id: str) -> Json:
        """A row of a business table."""
        found = self.one(f"SELECT to_jsonb(t) FROM bursar.{table} t WHERE external_id = %s", external_id)
        assert found is not None, f"no {table} {external_id}"
        return dict(found)

    def count(self, table: str, where: str = "true") -> int:
        """How many rows."""
        return int(self.one(f"SELECT count(*) FROM bursar.{table} WHERE {where}"))


@contextmanager
def till(database: Database) -> Iterator[Till]:
    """A till with a customer who can be written to."""
    clock = FixedClock(NOW)
    with scripted() as script, commands.client(database) as app:
        settings = database.settings(stripe_api_key="sk_test_1", stripe_api_base=script.base, stripe_rate_per_s=1000.0)
        context = make_context(settings, clock=clock)
        made = Till(context, clock, database, script, app)
        made.told("customer.created", {"id": "cus_1", "object": "customer", "email": "ann@example.com"})
        yield made
        context.engine.dispose()


def granted(desk: Till) -> list[tuple[Any, ...]]:
    """What payers were granted."""
    return desk.all("SELECT external_id, purpose, purpose_ref, status, request FROM bursar.fulfilment")
