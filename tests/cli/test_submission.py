"""`submission`: what is open at providers, and giving one up."""

from __future__ import annotations

import pytest

from cli.submission import submission
from core.clock import FixedClock
from models.refund import Refund
from tests.cli.operator_command import Here
from tests.factories.inbox import NOW
from tests.harness.cluster import Database
from workers.context import make_context
from workers.unit import Unit


@pytest.fixture
def key(database: Database) -> str:
    """One that is reserved."""
    context = make_context(database.settings(), clock=FixedClock(NOW))
    with context.engine.begin() as connection:
        unit = Unit(connection, context.keys, now=NOW)
        values = {"charge_ref": "ch_1", "amount_minor": 700, "params": {"metadata": {"note": "for Ada"}}}
        made = unit.submit("refund.create", unit.row(Refund, "stripe", "REF-1"), values=values, queue="payments", lane="l")
        unit.flush()
    context.engine.dispose()
    return made


def test_what_is_open_is_listed_and_shown_without_what_is_personal(here: Here, key: str) -> None:
    [row] = here(submission, "ls", "--open", "--json").objects
    assert (row["key"], row["state"], row["request_ref"]) == (key, "reserved", "REF-1")
    assert "reserved" in here(submission, "ls").out
    assert here(submission, "ls", "--state", "unknown").code == 3
    shown = here(submission, "show", key)
    assert '"amount": 700' in shown.out
    assert "Ada" not in shown.out
    assert here(submission, "show", "none").code == 3


@pytest.mark.requirement("PAY-16", "AUDIT-1", "SEC-13")
def test_one_is_given_up_by_finance_with_a_reason_once(
    here: Here, key: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert here(submission, "abandon", key, "--reason", "looked").code == 77
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    assert here(submission, "abandon", key, "--reason", " ").code == 2
    assert here(submission, "abandon", "none", "--reason", "looked").code == 3
    assert here(submission, "abandon", key, "--reason", "nothing in Stripe's log").code == 0
    again = here(submission, "abandon", key, "--reason", "again")
    assert (again.code, "the provider has answered" in again.err) == (1, True)
    with database.connect() as connection:
        assert connection.execute("SELECT state FROM bursar.submission").fetchone() == ("abandoned",)
        assert connection.execute("SELECT state FROM bursar.outbox").fetchone() == ("done",)
        body = connection.execute(
            "SELECT convert_from(p.body, 'UTF8') FROM bursar.inbox i JOIN bursar.inbox_payload p ON p.inbox_id = i.id"
        ).fetchone()
        audited = connection.execute("SELECT action, object_id, reason FROM bursar.audit").fetchall()
    assert body is not None
    assert '"outcome":"refused"' in body[0]
    assert "nothing in Stripe's log" in body[0]
    assert audited == [("submission.abandon", key, "nothing in Stripe's log")]


@pytest.mark.requirement("PAY-16")
def test_what_is_in_a_workers_hands_is_left_alone(here: Here, key: str, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    with database.connect() as connection:
        connection.execute(
            "UPDATE bursar.outbox SET state = 'processing', token = gen_random_uuid(), lease_until = clock_timestamp() + interval '1 h'"
        )
    said = here(submission, "abandon", key, "--reason", "looked")
    assert (said.code, "at this moment" in said.err) == (1, True)
