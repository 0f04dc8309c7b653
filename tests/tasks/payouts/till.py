"""The real machine over a real database, with a test's own hand as the provider: it answers what was submitted, tells events, names
balances, in whichever order the test wants."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from core.clock import FixedClock, SystemClock
from providers.answer import Answer
from providers.stripe import answers
from tests.factories.commands import client, status, submit
from tests.harness.cluster import Database
from workers import inbox, submissions
from workers.context import Context, make_context
from workers.store_answer import store_answer

CREATED_S = 1_772_366_400
"""When the provider's objects of these tests were made, in seconds since 1970."""
_numbers = itertools.count(1)
_BALANCES = """SELECT key, payload FROM bursar.outbox
               WHERE kind = 'stripe.fetch' AND payload ->> 'kind' = 'balance' AND state = 'received' ORDER BY id"""
_OPEN = """SELECT key, operation, request_type, request_ref, account, body, o.lane FROM bursar.submission s
           JOIN bursar.outbox o USING (key) WHERE s.state IN ('reserved', 'in_flight') ORDER BY s.id"""


class Till:
    """`work` lets the workers run; what they ask of the provider waits until the test answers."""

    def __init__(self, database: Database) -> None:
        # The time of a command is when the database received it, so the clock begins with the machine's.
        self.clock = FixedClock(SystemClock().now())
        self.context: Context = make_context(database.settings(), clock=self.clock)
        self.database = database
        self.app = client(database)

    def close(self) -> None:
        """Give the connections back."""
        self.app.close()
        self.context.engine.dispose()

    def work(self) -> None:
        """All that is in the inbox."""
        for _ in range(3):
            for queue in ("payouts", "payments"):
                found = inbox.drain(self.context, queue)
                assert found.failed == [], [failure.error for _, _, failure in found.failed]

    def command(self, name: str, payload: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
        """Submit, work, and say what came of it."""
        key = key or f"k{next(_numbers)}"
        submit(self.app, key, dict(payload), name=name, actor="user:7")
        self.work()
        found = status(self.app, key)
        assert found is not None
        return found

    def tell(self, event_type: str, obj: Mapping[str, Any], *, account: str | None = None, after_s: int = 0, previous: Any = None) -> None:
        """A webhook, stored and not yet worked on."""
        number, at = next(_numbers), self.clock.now() + timedelta(seconds=after_s)
        body = {
            "id": f"evt_{number}", "object": "event", "type": event_type, "created": int(at.timestamp()), "livemode": False,
            "api_version": "2026-10-28", "data": {"object": dict(obj)} | ({"previous_attributes": previous} if previous else {}),
        }  # fmt: skip
        if account:
            body["account"] = account
        self._store(body, event_type, f"stripe:{account or obj['id']}", at)

    def balance(self, account: str, **currencies: tuple[int, int]) -> int:
        """Answer the look-ups of an account's balance, {currency: (available, pending)}; how many there were."""
        found = [(key, payload) for key, payload in self.rows(_BALANCES) if payload["account"] == account]
        for key, _ in found:
            self._tell_balance(account, currencies)
            self.run("UPDATE bursar.outbox SET state = 'done', done_at = %s WHERE key = %s", self.clock.now(), key)
        self.work()
        return len(found)

    def _tell_balance(self, account: str, currencies: Mapping[str, tuple[int, int]]) -> None:
        parts = [
            [{"amount": amounts[which], "currency": code.lower()} for code, amounts in sorted(currencies.items())] for which in (0, 1)
        ]
        at = self.clock.now()
        body = {
            "id": f"fetch-{next(_numbers)}", "object": "event", "type": "balance.fetched", "created": at.isoformat(),
            "account": account, "data": {"object": {"object": "balance", "available": parts[0], "pending": parts[1]}},
        }  # fmt: skip
        self._store(body, "balance.fetched", f"stripe:{account}", at)

    def asked(self, operation: str | None = None) -> list[dict[str, Any]]:
        """The submissions that wait for an answer, with their bodies read."""
        names = ("key", "operation", "request_type", "request_ref", "account", "body", "lane")
        found = [dict(zip(names, row, strict=True)) for row in self.rows(_OPEN)]
        return [one | {"sent": json.loads(one["body"])} for one in found if operation in (None, one["operation"])]

    def answer(self, asked: Mapping[str, Any], obj: Mapping[str, Any], *, refused: bool = False) -> None:
        """The provider answers: what it made, with the metadata that was sent, or its error."""
        now = self.clock.now()
        with self.context.engine.begin() as connection:
            assert submissions.take_off(connection, "stripe", asked["key"], now)
            found = submissions.read(connection, "stripe", asked["key"], asked["lane"], now)
            assert found is not None
            told = obj if refused else {**obj, "metadata": asked["sent"].get("metadata", {})}
            made = answers.make(found[0], told, "refused" if refused else "accepted", now)
            store_answer(connection, made, now=now)
            bound = {"source": "stripe", "key": asked["key"], "outcome": made.outcome, "now": now}
            assert connection.exec_driver_sql(submissions.ANSWERED, bound).rowcount == 1
        self.run("UPDATE bursar.outbox SET state = 'done', done_at = %s WHERE key = %s", now, asked["key"])

    def refuse(self, asked: Mapping[str, Any], code: str) -> None:
        """The provider says no."""
        self.answer(asked, {"type": "invalid_request_error", "code": code, "message": f"no: {code}"}, refused=True)

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Rows of a query."""
        with self.database.connect() as connection:
            return connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> Any:
        """Its only row; its only column."""
        [row] = self.rows(sql, *values)
        return row[0] if len(row) == 1 else row

    def run(self, sql: str, *values: Any) -> None:
        """Change something as nobody else would."""
        with self.database.connect() as connection:
            connection.execute(sql, values)

    def _store(self, body: Mapping[str, Any], event_type: str, lane: str, at: datetime) -> None:
        answer = Answer(
            source="stripe",
            event_id=body["id"],
            event_type=event_type,
            object_id=None,
            lane=lane,
            body=json.dumps(body).encode(),
            occurred_at=at,
        )
        with self.context.engine.begin() as connection:
            store_answer(connection, answer, now=at)


def account(till: Till, ref: str = "acct_1", *, enabled: bool = True, **more: Any) -> None:
    """A connected account, as its own event tells it."""
    till.tell("account.updated", {
        "id": ref, "object": "account", "type": "express", "country": "RO", "default_currency": "eur", "email": f"{ref}@example.com",
        "charges_enabled": enabled, "payouts_enabled": enabled, "details_submitted": True,
        "capabilities": {"transfers": "active"}, "requirements": {"disabled_reason": None if enabled else "requirements.past_due"}, **more,
    })  # fmt: skip
    till.work()


def payout(asked: Mapping[str, Any], status: str, ref: str = "po_1", **more: Any) -> dict[str, Any]:
    """The provider's payout for what was asked."""
    return {
        "id": ref, "object": "payout", "amount": asked["sent"]["amount"], "currency": asked["sent"]["currency"], "status": status,
        "arrival_date": CREATED_S, "automatic": False, "created": CREATED_S, "destination": "ba_1",
        "method": "standard", "metadata": asked["sent"]["metadata"], **more,
    }  # fmt: skip


