"""Bank transfers are given back by people: asked for under the rules of all refunds, sent once, booked, and undone if the bank returns
them (REFUND-1, REFUND-2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.cluster import Database
from tests.harness.machine import Machine

REQUEST, SENT, RETURNED = "billing.refunds.request.v1", "billing.bank_refunds.sent.v1", "billing.bank_refunds.returned.v1"
HANDED_IN = {
    "reference": "RF18", "amount_minor": 250_001, "currency": "PKR", "country": "PK", "purpose": "credit_package", "purpose_ref": "cp",
}  # fmt: skip
WISH = {"source": "manual", "payment_ref": "RF18", "acting_for": "platform", "reason": "customer_request"}
SUMS = """SELECT code, sum(delta)::bigint FROM (SELECT debit AS code, amount_minor AS delta FROM bursar.journal
          UNION ALL SELECT credit, -amount_minor FROM bursar.journal) AS legs GROUP BY code ORDER BY code"""
STANDS = "SELECT refunded_minor, refund_status FROM bursar.payment WHERE external_id = 'RF18'"


@pytest.fixture
def machine(database: Database) -> Iterator[Machine]:
    made = Machine(database)
    made.run("billing.bank_transfers.submit.v1", HANDED_IN)
    made.run("billing.bank_transfers.approve.v1", {"reference": "RF18", "reason": "statement 12"})
    yield made
    made.close()


def ask(machine: Machine, key: str, **more: Any) -> dict[str, Any]:
    return machine.run(REQUEST, {**WISH, "key": key, **more})


def statuses(machine: Machine) -> list[tuple[Any, ...]]:
    return machine.all("SELECT key, status FROM bursar.refund_request ORDER BY key")


@pytest.mark.requirement("REFUND-1", "REFUND-2", "REFUND-5", "REFUND-9", "PAY-8", "INBOX-14", "AUDIT-2")
def test_a_bank_transfer_goes_back_in_parts_that_people_send(machine: Machine) -> None:
    first = ask(machine, "r1", amount_minor=100_000)["result"]
    assert first["status"] == "processing"
    assert machine.all(SUMS) == [("manual:bank", 250_001), ("manual:sales", -250_001)], "nothing went back yet"
    assert ask(machine, "r2", amount_minor=150_002)["code"] == "over_refund"
    sent = {"reference": first["reference"], "bank_reference": "OUT-1", "sent_on": "2026-11-20", "reason": "statement 13"}
    for _ in range(2):
        assert machine.run(SENT, sent, actor="user:anna")["state"] == "succeeded"
    assert machine.run(SENT, sent | {"bank_reference": "OUT-2"})["code"] == "sent_otherwise"
    assert machine.run(SENT, sent | {"reference": "REF-20260301-7K3M9QXA"})["code"] == "unknown_refund"
    assert statuses(machine) == [("r1", "completed")]
    assert machine.all(STANDS) == [(100_000, "partially_refunded")]
    assert machine.one("SELECT status FROM bursar.fulfilment") == "granted"
    second = ask(machine, "r2")["result"]
    assert second["amount_minor"] == 150_001
    again = {"reference": second["reference"], "bank_reference": "OUT-1", "reason": "statement 14"}
    assert machine.run(SENT, again)["code"] == "bank_reference_used"
    machine.run(SENT, again | {"bank_reference": "OUT-2"})
    assert machine.all(STANDS) == [(250_001, "refunded")]
    assert machine.one("SELECT status FROM bursar.fulfilment") == "revoked"
    assert ask(machine, "r3")["code"] == "nothing_left"
    assert machine.all(SUMS) == [("manual:bank", 0), ("manual:refunds", 250_001), ("manual:sales", -250_001)]
    entered = machine.all("SELECT event_type, state FROM bursar.inbox WHERE source = 'manual' ORDER BY id")
    assert entered == [("bank_transfer.confirmed", "done"), *[("bank_transfer.refund_sent", "done")] * 2]
    moves = """SELECT after ->> 'status', actor, after ->> 'reason' FROM bursar.audit WHERE action = 'refund_request.status'
               AND object_id = (SELECT id::text FROM bursar.refund_request WHERE key = 'r1') ORDER BY id"""
    found = machine.all(moves)
    assert [move[0] for move in found] == ["processing", "approved", "completed"]
    assert (found[1][1], found[1][2]) == ("app:user:anna", "customer_request")
    assert machine.failures() == []


@pytest.mark.requirement("REFUND-2", "REFUND-5")
def test_a_refund_that_the_bank_returned_is_undone_once_and_asked_for_anew(machine: Machine) -> None:
    asked = ask(machine, "r1")["result"]
    returned = {"reference": asked["reference"], "reason": "account closed"}
    assert machine.run(RETURNED, returned)["code"] == "not_sent"
    machine.run(SENT, {"reference": asked["reference"], "bank_reference": "OUT-1", "reason": "sent"})
    assert machine.one("SELECT status FROM bursar.fulfilment") == "revoked"
    for _ in range(2):
        assert machine.run(RETURNED, returned)["state"] == "succeeded"
    assert statuses(machine) == [("r1", "failed")]
    assert machine.all(STANDS) == [(0, None)]
    assert machine.one("SELECT status FROM bursar.fulfilment") == "granted"
    assert machine.all(SUMS) == [("manual:bank", 250_001), ("manual:refunds", 0), ("manual:sales", -250_001)]
    again = ask(machine, "r2", amount_minor=250_001)["result"]
    given_up = {"source": "manual", "reference": again["reference"], "reason": "he does not answer"}
    assert machine.run("billing.refunds.cancel.v1", given_up)["result"]["status"] == "cancelled"
    late = {"reference": again["reference"], "bank_reference": "OUT-9", "reason": "sent"}
    assert machine.run(SENT, late)["code"] == "not_processing"
    assert machine.failures() == []
