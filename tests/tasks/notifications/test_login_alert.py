"""Operators hear once an hour that many logins fail (SEC-5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tasks.notifications.runs import alert_logins
from tests.harness.cluster import Database
from tests.harness.machine import Machine

_TOLD = """INSERT INTO bursar.login (id, source, external_id, versions, created_at, updated_at, user_ref, outcome, at, address)
           SELECT gen_random_uuid(), 'bursar', %(user)s || n, '{"own": {}}', %(at)s, %(at)s, %(user)s, %(outcome)s, %(at)s, %(address)s
           FROM generate_series(1, %(many)s) AS n"""


@pytest.fixture
def machine(database: Database) -> Iterator[Machine]:
    """With one operator."""
    made = Machine(database, operator_emails=["ops@example.com"])
    yield made
    made.close()


@pytest.mark.requirement("SEC-5")
def test_many_failed_logins_are_told_once_an_hour(machine: Machine) -> None:
    now = machine.clock.now()
    assert alert_logins(machine.context, now) == {"found": 0, "mails": 0}
    with machine.connect() as connection:
        for user, outcome, many, at in (
            ("few", "failed", 9, now), ("fine", "succeeded", 50, now), ("old", "failed", 50, now - timedelta(hours=1)),
            ("user-7", "failed", 12, now),
        ):  # fmt: skip
            connection.execute(_TOLD, {"user": user, "outcome": outcome, "many": many, "at": at, "address": f"192.0.2.{many}"})
        connection.execute(_TOLD.replace("%(user)s, %(outcome)s", "NULL, %(outcome)s"), {
            "user": "nobody", "outcome": "locked", "many": 100, "at": now, "address": "192.0.2.200",
        })  # fmt: skip
        for _ in range(12):
            connection.execute("SELECT bursar.take('login:secret@example.com', 1, 3600, %s)", [now])
    assert alert_logins(machine.context, now) == {"found": 3, "mails": 1}
    assert alert_logins(machine.context, now)["mails"] == 0
    context = machine.one("SELECT payload -> 'context' FROM bursar.outbox WHERE payload ->> 'mail' = 'login_alert'")
    assert context["what"] == "1 user, 1 address, 1 limiter"
    assert context["lines"] == ["user user-7: 12 failed", "one address: 100 failed", "limiter login: 11 refused of 1 keys"]


@pytest.mark.requirement("SEC-5")
def test_a_clock_that_was_ahead_for_a_while_locks_nobody_out(machine: Machine) -> None:
    now = machine.clock.now()

    def take(after: timedelta) -> bool:
        with machine.database.connect() as connection:
            found = connection.execute("SELECT bursar.take('login:ada', 2, 60, %s)", [now + after]).fetchone()
        return bool(found and found[0]["allowed"])

    second = timedelta(seconds=1)
    assert [take(timedelta(days=1)) for _ in range(3)] == [True, True, False]
    assert [take(n * second) for n in (0, 29, 30, 31, 60)] == [False, False, True, False, True]
