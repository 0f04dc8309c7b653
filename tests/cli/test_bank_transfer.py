"""`bursar bank-transfer`: what waits for a person, and what he decides about it, once and in his name (PAY-8, AUDIT-2)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cli.bank_transfer import bank_transfer as command
from cli.explain import explain
from tests.cli.operator_command import Here
from tests.harness.cluster import Database
from tests.harness.machine import Machine

_HANDED_IN = {"amount_minor": 250_000, "currency": "PKR", "country": "PK", "purpose": "credit_package", "purpose_ref": "cp-5"}


@pytest.fixture
def machine(database: Database) -> Iterator[Machine]:
    made = Machine(database)
    yield made
    made.close()


@pytest.mark.requirement("PAY-8", "AUDIT-2")
def test_an_operator_lists_approves_and_rejects(here: Here, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURSAR_ROLE", "viewer")
    assert here(command, "ls").code == 3
    assert here(command, "show", "RF18").code == 3
    for reference in ("RF18", "RF19"):
        found = machine.run("billing.bank_transfers.submit.v1", {**_HANDED_IN, "reference": reference, "proof_ref": "file-9"})
        assert found["state"] == "succeeded", found
    assert [one["reference"] for one in here(command, "ls", "--json").objects] == ["RF18", "RF19"]
    assert "2500.00 PKR" in here(command, "ls").out
    assert "pending_approval" in here(command, "show", "RF18").out
    assert here(command, "approve", "RF18", "--reason", "statement 12").code == 77, "a viewer only looks"
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    monkeypatch.setenv("BURSAR_ACTOR", "anna")
    assert here(command, "approve", "RF18", "--reason", "x", "--amount", "1.234").code == 2, "less than a minor unit"
    assert here(command, "approve", "RF20", "--reason", "x").code == 1
    for _ in range(2):
        said = here(command, "approve", "RF18", "--amount", "2499.50", "--received-on", "2026-11-02", "--reason", "statement 12")
        assert (said.code, "approved, 2499.50 PKR" in said.out) == (0, True)
    assert "rejected" in here(command, "reject", "RF19", "--reason", "nothing came").out
    refused = here(command, "reject", "RF18", "--reason", "no")
    assert (refused.code, "by a refund" in refused.err) == (1, True)
    machine.settle()
    payments = machine.all("SELECT external_id, status, received_minor FROM bursar.payment ORDER BY external_id")
    assert payments == [("RF18", "succeeded", 249_950), ("RF19", "cancelled", 0)]
    assert here(command, "ls").code == 3, "nobody is asked any more"
    assert [one["reference"] for one in here(command, "ls", "--status", "rejected", "--json").objects] == ["RF19"]
    assert len(here(command, "ls", "--all", "--json").objects) == 2
    shown = json.loads(here(command, "show", "RF18", "--json").out)
    assert (shown["status"], shown["arrived_minor"], shown["decided_by"]) == ("approved", 249_950, "person:anna (finance)")
    moves = machine.all(
        """SELECT actor, reason, before ->> 'status', after ->> 'status' FROM bursar.audit
           WHERE action = 'bank_transfer.status' AND after ->> 'status' IN ('approved', 'rejected') ORDER BY id"""
    )
    assert moves == [
        ("person:anna (finance)", "statement 12", "pending_approval", "approved"),
        ("person:anna (finance)", "nothing came", "pending_approval", "rejected"),
    ]
    story = here(explain, "RF18").out
    assert "pending_approval -> approved" in story
    assert "booked" in story
