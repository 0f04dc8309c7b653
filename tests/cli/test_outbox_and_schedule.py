"""`outbox` and `schedule`: what waits for the outside, what ran when."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from cli.checks.schedules import held
from cli.outbox import outbox
from cli.schedule import schedule
from tests.cli.operator_command import Here
from tests.factories.inbox import NOW
from tests.harness.cluster import Database

_CALL = """INSERT INTO bursar.outbox (kind, key, queue, lane, payload, state, created_at, fair_at, next_at, done_at,
                                      error, fingerprint, attempts)
           VALUES ('mail.send', %s, 'notifications', 'l', '{"to": "ada@example.com", "template": "dead_letters"}',
                   %s, %s, %s, %s, %s, %s, %s, 6)
           RETURNING id"""


def call(connection: psycopg.Connection[Any], key: str, state: str) -> int:
    """One outbox row."""
    dead = ("SMTP refused", "f") if state == "dead" else (None, None)
    row = connection.execute(_CALL, [key, state, NOW, NOW, NOW, NOW if state == "done" else None, *dead]).fetchone()
    assert row is not None
    return int(row[0])


def test_calls_are_listed_by_state_and_shown_without_addresses(here: Here, database: Database) -> None:
    with database.connect() as connection:
        done, dead = call(connection, "a", "done"), call(connection, "b", "dead")
    assert [row["id"] for row in here(outbox, "ls", "--json").objects] == [dead, done]
    assert [row["id"] for row in here(outbox, "ls", "--json", "--state", "dead", "--error", "smtp").objects] == [dead]
    shown = here(outbox, "show", dead)
    assert "mail.send" in shown.out
    assert "ada@" not in shown.out
    assert here(outbox, "ls", "--kind", "nothing").code == 3
    assert here(outbox, "show", 99).code == 3


@pytest.mark.requirement("INBOX-5", "AUDIT-1")
def test_a_dead_call_is_tried_again_a_made_one_never(here: Here, database: Database) -> None:
    with database.connect() as connection:
        done, dead = call(connection, "a", "done"), call(connection, "b", "dead")
        assert here(outbox, "replay", done, "--reason", "again").code == 1
        assert here(outbox, "replay", dead, "--reason", " ").code == 2
        assert here(outbox, "replay", "--state", "dead", "--reason", "mail server is back").code == 0
        states = connection.execute("SELECT id, state, attempts FROM bursar.outbox ORDER BY id").fetchall()
        audited = connection.execute("SELECT action, object_id, reason FROM bursar.audit").fetchall()
    assert states == [(done, "done", 6), (dead, "received", 0)]
    assert audited == [("outbox.replay", str(dead), "mail server is back")]


def test_runs_and_their_history(here: Here, database: Database) -> None:
    assert here(schedule, "history").code == 3
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO bursar.schedule_slot (job, slot_at, state, queue, started_at, done_at, error) "
            "VALUES ('retention', %s, 'failed', 'maintenance', %s, %s, 'boom')",
            [NOW, NOW, NOW],
        )
    runs = {run["job"]: run for run in here(schedule, "ls", "--json").objects}
    assert (runs["retention"]["state"], runs["retention"]["every"]) == ("failed", "daily 03:10 UTC")
    assert runs["sweep"]["next_slot"] is not None
    (slot,) = here(schedule, "history", "retention", "--json").objects
    assert (slot["state"], slot["error"]) == ("failed", "boom")
    assert here(schedule, "history", "sweep").code == 3
    assert "retention" in here(schedule, "ls").out


def test_runs_are_paused_stopped_resumed_and_run_by_hand(here: Here, database: Database) -> None:
    why = ("--reason", "the bank is closed")
    assert here(schedule, "pause", "pay_out_due", "--reason", " ").code == 2
    assert here(schedule, "pause", "pay_out_due", *why).code == 0
    runs = {run["job"]: run for run in here(schedule, "ls", "--json").objects}
    assert runs["pay_out_due"]["paused"] == "the bank is closed"
    assert here(schedule, "stop", "pay_out_due", *why).code == 3
    assert here(schedule, "run", "pay_out_due", "--at", "2026-03-01T12:00:00", *why).code == 0
    assert here(schedule, "run", "pay_out_due", "--at", "2999-03-01T12:00:00", *why).code == 2
    assert here(schedule, "stop", "pay_out_due", *why).code == 0
    (slot,) = here(schedule, "history", "pay_out_due", "--json").objects
    assert (slot["state"], slot["by_hand"]) == ("stopped", True)
    with database.connect() as connection:
        levels = {(one.check, one.level) for one in held(connection)}
        assert levels == {("clock", "ok"), ("paused", "warn"), ("stopped", "warn")}
        assert here(schedule, "resume", "pay_out_due", *why).code == 0
        assert here(schedule, "resume", "pay_out_due", *why).code == 3
        connection.execute("UPDATE bursar.schedule_slot SET state = 'done', done_at = slot_at")
        assert here(schedule, "run", "pay_out_due", "--at", "2026-03-01T12:00:00", *why).code == 1
        assert here(schedule, "consent", *why).code == 3
        connection.execute("INSERT INTO bursar.clock_jump (from_at, to_at, passed_s) VALUES (%s, %s + interval '1 day', 5)", [NOW, NOW])
        assert {one.level for one in held(connection) if one.check == "clock"} == {"fail"}
        assert "while 5 s passed" in here(schedule, "consent", *why).out
        actions = [row[0] for row in connection.execute("SELECT action FROM bursar.audit ORDER BY id")]
    assert actions == [f"schedule.{name}" for name in ("pause", "run", "stop", "resume", "consent")]
