"""Bank transfers from the app's word to the operator's: approved once however often, expired by themselves, never lost (PAY-8)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tasks.payments.runs import expire_bank_transfers
from tests.harness.cluster import Database
from tests.harness.machine import Machine

SUBMIT, APPROVE, REJECT = (f"billing.bank_transfers.{verb}.v1" for verb in ("submit", "approve", "reject"))
REPORT = "billing.bank_transfer.report.v1"
HANDED_IN = {
    "reference": "RF18", "amount_minor": 250_000, "currency": "PKR", "country": "PK", "purpose": "credit_package", "purpose_ref": "cp-5",
    "external_ref": "user-7", "proof_ref": "file-9",
}  # fmt: skip
_STANDS = """SELECT t.status, p.status, p.received_minor FROM bursar.bank_transfer t
             JOIN bursar.payment p ON p.source = t.source AND p.external_id = t.external_id"""
_BOOKED = "SELECT debit, credit, amount_minor, currency FROM bursar.journal ORDER BY id"
_GRANTED = "SELECT purpose, purpose_ref, external_ref, status FROM bursar.fulfilment"


@pytest.fixture
def machine(database: Database) -> Iterator[Machine]:
    made = Machine(database)
    yield made
    made.close()


def stands(machine: Machine) -> tuple[Any, ...]:
    [row] = machine.all(_STANDS)
    return row


def told(machine: Machine, name: str, payload: dict[str, Any], **options: Any) -> tuple[str, Any]:
    """(state, result's status or the refusal's code)."""
    found = machine.run(name, payload, **options)
    return found["state"], found["code"] if found["state"] == "rejected" else found["result"]["status"]


@pytest.mark.requirement("PAY-8", "PAY-1", "INBOX-14", "AUDIT-2")
def test_an_approved_transfer_is_one_payment_and_one_purchase(machine: Machine) -> None:
    reported = {name: HANDED_IN[name] for name in ("reference", "amount_minor", "currency")}
    assert told(machine, REPORT, reported) == ("succeeded", "processing")
    assert stands(machine)[0] == "submitted"
    assert told(machine, SUBMIT, HANDED_IN) == ("succeeded", "pending_approval")
    assert stands(machine) == ("pending_approval", "processing", 0)
    assert machine.all(_BOOKED) == []
    seen = {"reference": "RF18", "reason": "statement 12"}
    for _ in range(2):
        assert told(machine, APPROVE, seen, actor="user:anna") == ("succeeded", "approved")
    assert stands(machine) == ("approved", "succeeded", 250_000)
    assert machine.all(_BOOKED) == [("manual:bank", "manual:sales", 250_000, "PKR")]
    assert machine.all(_GRANTED) == [("credit_package", "cp-5", "user-7", "granted")]
    assert machine.one("SELECT count(*) FROM bursar.inbox WHERE source = 'manual' AND event_id = 'RF18' AND state = 'done'") == 1
    moves = machine.all("SELECT actor, before ->> 'status', after ->> 'status', after ->> 'reason' FROM bursar.audit "
                        "WHERE action = 'bank_transfer.status' ORDER BY id")  # fmt: skip
    assert [move[1:3] for move in moves] == [(None, "submitted"), ("submitted", "pending_approval"), ("pending_approval", "approved")]
    assert (moves[-1][0], moves[-1][3]) == ("app:user:anna", "statement 12")
    assert told(machine, REJECT, {"reference": "RF18", "reason": "no"}) == ("rejected", "already_approved")
    assert told(machine, APPROVE, {**seen, "amount_minor": 1}) == ("rejected", "approved_otherwise")
    assert machine.failures() == []


@pytest.mark.requirement("PAY-15")
def test_a_transfer_is_refused_where_it_is_not_offered(machine: Machine) -> None:
    found = machine.run(SUBMIT, {**HANDED_IN, "country": "DE"})
    assert (found["state"], found["code"], found["details"]["limit"]) == ("rejected", "method_not_offered", ["card", "paypal"])
    assert machine.all(_STANDS) == []


@pytest.mark.requirement("PAY-8")
@pytest.mark.parametrize("ended_by", ["rejected", "expired"])
def test_money_that_comes_late_is_not_dropped(machine: Machine, ended_by: str) -> None:
    assert told(machine, SUBMIT, HANDED_IN) == ("succeeded", "pending_approval")
    if ended_by == "rejected":
        assert told(machine, REJECT, {"reference": "RF18", "reason": "nothing came"}) == ("succeeded", "rejected")
    else:
        now = machine.clock.now()
        assert expire_bank_transfers(machine.context, now) == {"expired": 0}
        machine.clock.move_to(now + timedelta(days=7, seconds=1))
        assert expire_bank_transfers(machine.context, now) == {"expired": 1}
    assert stands(machine) == (ended_by, "cancelled", 0)
    assert told(machine, SUBMIT, HANDED_IN) == ("rejected", "decided")
    arrived = {"reference": "RF18", "amount_minor": 249_000, "reason": "came after all"}
    assert told(machine, APPROVE, arrived) == ("succeeded", "approved")
    assert stands(machine) == ("approved", "succeeded", 249_000)
    assert len(machine.all(_GRANTED)) == 1


@pytest.mark.requirement("PAY-8", "PAY-1")
def test_approval_rejection_and_expiry_at_one_moment_have_one_winner(machine: Machine) -> None:
    """Three workers, one row: whoever has its lock first decides, and nothing is booked unless it was approved in the end."""
    for number in range(8):
        reference = f"RACE{number}"
        machine.run(SUBMIT, {**HANDED_IN, "reference": reference})
    machine.clock.move_to(machine.clock.now() + timedelta(days=8))
    for number in range(8):
        for name in (APPROVE, REJECT):
            machine.submit(name, {"reference": f"RACE{number}", "reason": "race"}, f"{name}-{number}")
    failed: list[BaseException] = []

    def run(work: Any) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            failed.append(error)

    works = [machine.work, machine.work, lambda: expire_bank_transfers(machine.context, machine.clock.now())]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    machine.settle()
    assert machine.failures() == []
    ends = machine.all(_STANDS)
    assert len(ends) == 8
    # An approval always ends as one: before the others it refuses them, after them it counts as money that came late.
    assert {status for status, _, _ in ends} == {"approved"}
    assert machine.one("SELECT count(*) FROM bursar.journal") == 8
    assert machine.one("SELECT count(*) FROM bursar.fulfilment WHERE status = 'granted'") == 8
