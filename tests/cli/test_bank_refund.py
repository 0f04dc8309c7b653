"""Refunds of bank transfers at the terminal: which wait to be sent, that they were, and that the bank returned them."""

from __future__ import annotations

import pytest

from cli.bank_transfer import bank_transfer as command
from cli.refund import refund as refund_command
from tests.cli.operator_command import Here
from tests.harness.machine import Machine
from tests.tasks.payments.app.test_bank_refunds import ask, machine, statuses

__all__ = ["machine"]


@pytest.mark.requirement("REFUND-2", "AUDIT-2")
def test_finance_sends_it_at_the_terminal(machine: Machine, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = ask(machine, "r1", amount_minor=100_001)["result"]["reference"]
    wish = ("refund-sent", reference, "--bank-reference", "OUT-1", "--reason", "sent")
    assert here(command, *wish).code == 77
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    monkeypatch.setenv("BURSAR_ACTOR", "anna")
    assert "1000.01 PKR" in here(refund_command, "ls").out
    assert here(command, "refund-returned", reference, "--reason", "x").code == 1
    assert "1000.01 PKR sent as OUT-1" in here(command, *wish, "--sent-on", "2026-11-20").out
    machine.settle()
    assert statuses(machine) == [("r1", "completed")]
    assert here(refund_command, "ls").code == 3
    assert "came back" in here(command, "refund-returned", reference, "--reason", "account closed").out
    machine.settle()
    assert statuses(machine) == [("r1", "failed")]
    assert machine.one("SELECT DISTINCT decided_by FROM bursar.refund_request") == "person:anna (finance)"
