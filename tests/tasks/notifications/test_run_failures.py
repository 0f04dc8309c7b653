"""What runs could not do is told to operators once per job and day, seen by doctor and metrics, and tried at once if so ordered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row

from cli.checks.schedules import failing as doctor
from cli.run_failures import run_failures
from models.base import OWN_SOURCE
from models.subscriber import Subscriber
from tasks.notifications.runs import alert_run_failures
from tests.cli.conftest import here
from tests.cli.operator_command import Here
from tests.factories.subscribers import do, subscriber
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from workers.context import Context
from workers.observe.tables import tables
from workers.paging import Paged, work_pages
from workers.unit import Reference, Unit

__all__ = ["here"]
NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
JOB = "renew_subscriptions"
_DUE = """SELECT b.created_at AS due_at, b.id, b.external_id AS item FROM bursar.subscriber b
          WHERE b.created_at <= %(now)s AND (b.created_at, b.id) > (%(after_at)s, %(after_id)s)
          ORDER BY b.created_at, b.id LIMIT %(page)s FOR UPDATE OF b SKIP LOCKED"""
_MAILS = "SELECT payload -> 'context' FROM bursar.outbox WHERE kind = 'mail.send' ORDER BY id"


@pytest.fixture
def machine(database: Database) -> Iterator[Machine]:
    """Three subscribers, and operators who have two addresses."""
    made = Machine(database, operator_emails=("ops@example.com", "night@example.com"))
    made.clock.move_to(NOW)
    do(made.context, lambda unit: [subscriber(unit, name) for name in ("ann", "bob", "cyd")])
    yield made
    made.close()


def _run(context: Context, bad: frozenset[str]) -> int:
    def references(row: Row[Any]) -> Iterator[Reference]:
        yield Subscriber.NAME, OWN_SOURCE, row.item

    def work(_unit: Unit, rows: Sequence[Row[Any]]) -> None:
        if odd := sorted(bad & {row.item for row in rows}):
            raise ValueError(f"{odd[0]} is odd")

    paged = Paged(job=JOB, due=_DUE, references=references, work=work)
    return int(work_pages(context, paged, context.clock.now())["failed"])


def _told(machine: Machine) -> int:
    return int(alert_run_failures(machine.context, machine.clock.now())["mails"])


@pytest.mark.requirement("MAIL-6", "AUDIT-2")
def test_told_once_a_day_seen_and_tried_at_once_when_the_cause_is_mended(machine: Machine, database: Database, here: Here) -> None:
    assert (_told(machine), here(run_failures, "ls").code) == (0, 3)
    assert _run(machine.context, frozenset({"ann", "bob"})) == 2
    assert [_told(machine) for _ in range(2)] == [2, 0]
    mail = machine.one(_MAILS)
    assert (mail["job"], mail["items"], mail["tries"]) == (JOB, "2", 1)
    assert "is odd" in mail["error"]
    machine.clock.move_to(NOW + timedelta(days=1))
    assert _told(machine) == 2, "another day"

    with database.connect() as connection:
        assert [(one.level, JOB in one.said) for one in doctor(connection)] == [("warn", True)]
    with machine.context.engine.connect() as connection:
        [gauge] = [one for one in tables(connection, NOW) if one.name == "bursar_run_failures"]
    assert [(sample.labels, sample.value) for sample in gauge.samples] == [({"job": JOB}, 2.0)]
    assert [row["item"] for row in here(run_failures, "ls", JOB, "--json").objects] == ["ann", "bob"]
    assert "ValueError" in here(run_failures, "ls").out
    assert here(run_failures, "ls", "sweep").code == 3

    machine.clock.move_to(NOW + timedelta(days=2))
    assert _run(machine.context, frozenset({"ann"})) == 1, "bob is done, and is listed no more"
    assert [row["tries"] for row in here(run_failures, "ls", "--json").objects] == [2]
    assert _told(machine) == 2


@pytest.mark.requirement("AUDIT-2")
def test_an_operator_lets_it_be_tried_by_the_next_slot(machine: Machine, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURSAR_ACTOR", "anna")
    _run(machine.context, frozenset({"ann", "bob"}))
    assert here(run_failures, "retry", JOB, "nobody", "--reason", "mended").code == 3
    assert here(run_failures, "retry", JOB, "--reason", "mended").code == 2
    assert "1 tried again" in here(run_failures, "retry", JOB, "ann", "--reason", "mended").out
    assert "2 tried again" in here(run_failures, "retry", JOB, "--all", "--reason", "all of it").out
    audits = machine.all("SELECT actor, reason, after FROM bursar.audit WHERE action = 'run_failure.retry' ORDER BY id")
    assert [(actor, reason, json.loads(json.dumps(after))["items"]) for actor, reason, after in audits] == [
        ("person:anna (operator)", "mended", ["ann"]), ("person:anna (operator)", "all of it", ["bob"]),
    ]  # fmt: skip


@pytest.mark.requirement("MAIL-6")
def test_what_is_due_no_longer_is_forgotten_and_not_told_for_ever(machine: Machine, database: Database) -> None:
    assert _run(machine.context, frozenset({"ann", "bob"})) == 2
    with database.connect() as connection:
        connection.execute("DELETE FROM bursar.subscriber WHERE external_id = 'ann'")
    machine.clock.move_to(NOW + timedelta(hours=1))
    assert _run(machine.context, frozenset({"bob"})) == 1, "bob is tried again, nobody finds ann"

    def slot(minute: int) -> None:
        at = NOW + timedelta(hours=1, minutes=minute)
        with database.connect() as connection:
            connection.execute(
                "INSERT INTO bursar.schedule_slot (job, slot_at, state, queue, money, started_at, done_at)"
                " VALUES (%s, %s, 'done', 'payments', true, %s, %s)", [JOB, at, at, at],
            )  # fmt: skip

    slot(0)
    _told(machine)
    waiting = "SELECT item FROM bursar.run_failure ORDER BY item"
    assert machine.all(waiting) == [("ann",), ("bob",)], "one slot may have passed her over, because another worker had her"
    slot(5)
    _told(machine)
    assert machine.all(waiting) == [("bob",)]
