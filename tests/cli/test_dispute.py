"""`bursar dispute`: which disputes wait for an answer, and what our own people keep with them (DISPUTE-3)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from cli.dispute import dispute as command
from tests.cli.operator_command import Here
from tests.harness.cluster import Database
from tests.tasks.payouts.till import Till


@pytest.fixture
def till(database: Database) -> Iterator[Till]:
    made = Till(database)
    yield made
    made.close()


def told(till: Till, name: str, status: str, days: int) -> None:
    due = int((till.clock.now() + timedelta(days=days)).timestamp())
    till.tell("charge.dispute.created", {
        "id": name, "object": "dispute", "amount": 123_456, "currency": "kwd", "status": status, "reason": "fraudulent", "charge": "ch_1",
        "payment_intent": "pi_1", "evidence_details": {"due_by": due}, "balance_transactions": [], "created": 1_772_366_400, "metadata": {},
    })  # fmt: skip
    till.work()


@pytest.mark.requirement("DISPUTE-3", "AUDIT-2")
def test_disputes_are_listed_by_deadline_and_noted(here: Here, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURSAR_ROLE", "viewer")
    assert here(command, "ls").code == 3
    for name, status, days in (("dp_1", "needs_response", 9), ("dp_2", "warning_needs_response", 2), ("dp_3", "won", 5)):
        told(till, name, status, days)
    assert [one["dispute"] for one in here(command, "ls", "--json").objects] == ["dp_2", "dp_1"]
    assert sorted(one["dispute"] for one in here(command, "ls", "--all", "--json").objects) == ["dp_1", "dp_2", "dp_3"]
    assert "123.456 KWD" in here(command, "ls").out
    assert here(command, "show", "dp_9").code == 3
    assert here(command, "note", "dp_1", "called her").code == 77, "a viewer only looks"
    monkeypatch.setenv("BURSAR_ROLE", "operator")
    monkeypatch.setenv("BURSAR_ACTOR", "anna")
    assert here(command, "note", "dp_1").code == 2, "nothing to keep"
    assert here(command, "note", "dp_9", "called her").code == 3
    assert "1 notes, assigned to bob" in here(command, "note", "dp_1", "called her", "--assign", "bob").out
    assert "2 notes" in here(command, "note", "dp_1", "she forgot").out
    shown = json.loads(here(command, "show", "dp_1", "--json").out)
    assert [(one["actor"], one["text"]) for one in shown["notes"]] == [
        ("person:anna (operator)", "called her"), ("person:anna (operator)", "she forgot"),
    ]  # fmt: skip
    assert "she forgot" in here(command, "show", "dp_1").out
    [listed] = [one for one in here(command, "ls", "--json").objects if one["dispute"] == "dp_1"]
    assert (listed["notes"], listed["assigned_to"]) == (2, "bob"), "a list counts notes and does not show them"
    audited = till.rows("SELECT action, actor, after ->> 'notes' FROM bursar.audit WHERE action LIKE 'dispute.%%ed' ORDER BY id")
    assert audited == [
        ("dispute.noted", "person:anna (operator)", "1"), ("dispute.assigned", "person:anna (operator)", None),
        ("dispute.noted", "person:anna (operator)", "2"),
    ]  # fmt: skip
