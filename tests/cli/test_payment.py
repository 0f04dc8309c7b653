"""`bursar payment`: what was kept and pays for nothing, and saying what it was for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.payment import payment as command
from tests.cli.operator_command import Here
from tests.harness.cluster import Database
from tests.harness.sandbox import Sandbox
from tests.tasks.maintenance.recon.trade import Trade


@pytest.fixture
def trade(database: Database, stripe_sandbox: Sandbox) -> Iterator[Trade]:
    made = Trade(database, stripe_sandbox)
    yield made
    made.machine.close()


@pytest.mark.requirement("RECON-8", "PAY-9", "AUDIT-2")
def test_finance_says_what_adopted_money_was_for(here: Here, trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here(command, "unassigned").code == 3
    customer = trade.control.api("POST", "/v1/customers", {"email": "a@example.com"})["id"]
    intent = trade.control.paid(2_000, "eur")
    trade.hear()
    trade.recon()
    wish = {"source": "stripe", "finding": f"unknown_charge:charge:{intent['latest_charge']}", "reason": "looked into", "how": "adopt"}
    assert trade.machine.run("billing.recon.repair.v1", wish, actor="shop:anna")["code"] is None

    listed = here(command, "unassigned").out
    assert all(wanted in listed for wanted in (intent["id"], "20.00 EUR", "looked into", "app:shop:anna"))
    [row] = here(command, "unassigned", "--json").objects
    assert (row["received_minor"], row["refunded_minor"]) == (2_000, 0)
    about = ("assign", intent["id"], "--purpose", "course_enrolment", "--purpose-ref", "enr-1", "--reason", "he called")
    assert here(command, *about).code == 77
    monkeypatch.setenv("BURSAR_ROLE", "finance")
    monkeypatch.setenv("BURSAR_ACTOR", "anna")
    refused = here(command, *about)
    assert (refused.code, "unknown_customer" in refused.err) == (1, True)
    assert here(command, "assign", intent["id"], "--purpose", "invoice", "--reason", "he called").code == 2
    assert f"{intent['id']}: course_enrolment granted" in here(command, *about, "--customer", customer).out
    assert here(command, "unassigned").code == 3
    assert trade.machine.one("SELECT actor FROM bursar.audit WHERE action = 'payment.assigned'") == "person:anna (finance)"
