"""Our own invoices end in time, tell before and after, wait while a transfer is looked at, and are ended by who may (INV-3 to INV-14)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.operations.issue_invoice import Draft, Line, issue_invoice
from models.invoice import Invoice
from tasks.payments.runs import expire_bank_transfers, expire_invoices, remind_of_invoices, write_off_stale_invoices
from tests.factories.subscribers import do, subscriber
from tests.harness.machine import Machine
from workers.unit import Unit

_VOIDED = "SELECT DISTINCT actor, after ->> 'because' FROM bursar.audit WHERE action = 'invoice.status' AND after ->> 'because' = %s"
_HOUR = timedelta(hours=1)
_MAILS = "SELECT payload ->> 'mail' FROM bursar.outbox WHERE kind = 'mail.send' ORDER BY id"


@pytest.fixture
def shop(machine: Machine) -> Machine:
    """A machine with one subscriber."""
    do(machine.context, subscriber)
    return machine


def _run(machine: Machine, name: str, payload: dict[str, Any], *, actor: str | None = None) -> dict[str, Any]:
    """A command at this instant: nothing is waited for, so that the clock stands still."""
    key = machine.submit(name, payload, actor=actor)
    while machine.work():
        pass
    return machine.status(key)


def _package(machine: Machine, ref: str = "pkg-1", hours: int | None = 48, **values: Any) -> None:
    def issue(unit: Unit) -> Invoice:
        given: dict[str, Any] = {
            "reference": ref, "invoice_type": "credit_package", "subscriber_ref": "alice", "currency": "EUR", "billing_reason": "package",
            "lines": [Line(amount_minor=4_900, description="500 credits")], "due_at": unit.now, "product_ref": "credits-500",
            "package_credits": 500, "expires_at": None if hours is None else unit.now + hours * _HOUR, "collection": "manual",
        }  # fmt: skip
        return issue_invoice(unit, Draft(**(given | values)))

    do(machine.context, issue)


def _custom(machine: Machine, ref: str = "c-1") -> dict[str, Any]:
    lines = [{"description": "Set-up", "amount_minor": 10_000}, {"description": "Discount", "amount_minor": -1_000}]
    return _run(machine, "billing.invoices.create_custom.v1", {
        "reference": ref, "subscriber_ref": "alice", "currency": "EUR", "lines": lines, "reason": "agreed on the phone",
    }, actor="anna")  # fmt: skip


def _status(machine: Machine, ref: str = "pkg-1") -> Any:
    return machine.one("SELECT status FROM bursar.invoice WHERE external_id = %s", ref)


def _after(machine: Machine, hours: float) -> None:
    machine.clock.move_to(machine.clock.now() + hours * _HOUR)


def _transfer(machine: Machine, reference: str = "t-1", amount_minor: int = 4_900) -> dict[str, Any]:
    return _run(machine, "billing.bank_transfers.submit.v1", {
        "reference": reference, "amount_minor": amount_minor, "currency": "EUR", "country": "PK", "purpose": "invoice",
        "purpose_ref": "pkg-1",
    })  # fmt: skip


@pytest.mark.requirement("INV-3", "INV-4")
def test_an_unpaid_package_is_reminded_of_after_24_hours_and_void_after_48(shop: Machine) -> None:
    _package(shop)
    now = shop.clock.now
    _after(shop, 23.9)
    assert (remind_of_invoices(shop.context, now())["items"], expire_invoices(shop.context, now())["items"]) == (0, 0)
    _after(shop, 0.2)
    assert [remind_of_invoices(shop.context, now())["items"] for _ in range(2)] == [1, 0]
    _after(shop, 23.8)
    assert expire_invoices(shop.context, now())["items"] == 0
    _after(shop, 0.2)
    assert [expire_invoices(shop.context, now())["items"] for _ in range(2)] == [1, 0]
    assert _status(shop) == "void"
    assert [row[0] for row in shop.all(_MAILS)] == ["invoice_expiring", "invoice_expired"]
    reason = shop.one("SELECT reason FROM bursar.audit WHERE action = 'invoice.status' ORDER BY id DESC LIMIT 1")
    assert reason.startswith("expire_invoices ")


@pytest.mark.requirement("INV-3")
def test_an_invoice_that_lives_a_day_gets_no_reminder(shop: Machine) -> None:
    _package(shop, hours=24)
    _after(shop, 12)
    assert remind_of_invoices(shop.context, shop.clock.now())["items"] == 0
    _after(shop, 12)
    assert expire_invoices(shop.context, shop.clock.now())["items"] == 1


@pytest.mark.requirement("INV-3")
@pytest.mark.parametrize("decision", ["reject", "expire"])
def test_the_clock_stands_still_while_a_transfer_waits_for_approval(shop: Machine, decision: str) -> None:
    _package(shop)
    _after(shop, 40)
    assert _transfer(shop)["state"] == "succeeded"
    _after(shop, 72)
    assert expire_invoices(shop.context, shop.clock.now())["items"] == 0
    assert _status(shop) == "pending"
    if decision == "reject":
        _run(shop, "billing.bank_transfers.reject.v1", {"reference": "t-1", "reason": "no such money"})
    else:
        _after(shop, 24 * 7)
        assert expire_bank_transfers(shop.context, shop.clock.now())["expired"] == 1
    _after(shop, 7.9)
    assert expire_invoices(shop.context, shop.clock.now())["items"] == 0
    _after(shop, 0.2)
    assert expire_invoices(shop.context, shop.clock.now())["items"] == 1


@pytest.mark.requirement("INV-2", "PAY-1")
def test_an_approved_transfer_pays_the_invoice_once(shop: Machine) -> None:
    _package(shop)
    _transfer(shop)
    _run(shop, "billing.bank_transfers.approve.v1", {"reference": "t-1", "reason": "seen in the account"}, actor="anna")
    assert shop.all("SELECT status, amount_paid_minor, payment_ref FROM bursar.invoice") == [("paid", 4_900, "t-1")]
    _after(shop, 100)
    assert expire_invoices(shop.context, shop.clock.now())["items"] == 0


_ALL = """SELECT external_id, status, total_minor, amount_paid_minor, package_credits FROM bursar.invoice
          WHERE source = 'bursar' ORDER BY created_at, external_id"""
_CREDIT = "SELECT balance_minor FROM bursar.money_credit"


def _pay(machine: Machine, reference: str, amount_minor: int) -> None:
    _transfer(machine, reference, amount_minor)
    _run(machine, "billing.bank_transfers.approve.v1", {"reference": reference, "reason": "seen in the account"}, actor="anna")


@pytest.mark.requirement("INV-13")
def test_money_that_comes_after_hour_48_pays_a_new_invoice_and_the_void_one_stays_void(shop: Machine) -> None:
    _package(shop)
    _after(shop, 49)
    expire_invoices(shop.context, shop.clock.now())
    _pay(shop, "t-1", 4_900)
    assert shop.all(_ALL) == [("pkg-1", "void", 4_900, 0, 500), ("pkg-1:late:t-1", "paid", 4_900, 4_900, 500)]
    assert shop.all(_CREDIT) == []


@pytest.mark.requirement("INV-13", "PAY-1")
def test_what_an_invoice_does_not_need_is_the_subscribers_credit_while_the_money_is_ours(shop: Machine) -> None:
    _package(shop)
    _pay(shop, "t-1", 3_000)
    assert shop.all(_ALL) == [("pkg-1", "pending", 4_900, 3_000, 500)]
    _pay(shop, "t-2", 2_500)
    assert shop.all(_ALL) == [("pkg-1", "paid", 4_900, 4_900, 500)]
    assert shop.one(_CREDIT) == 600
    _pay(shop, "t-3", 4_900)
    assert shop.one(_CREDIT) == 5_500

    refund = {"source": "manual", "key": "r", "payment_ref": "t-3", "acting_for": "platform", "reason": "customer_request"}
    assert _run(shop, "billing.refunds.request.v1", refund)["state"] == "succeeded"
    reference = shop.one("SELECT external_id FROM bursar.refund_request")
    sent = {"reference": reference, "bank_reference": "OUT-1", "reason": "sent back"}
    assert _run(shop, "billing.bank_refunds.sent.v1", sent, actor="anna")["state"] == "succeeded"
    assert shop.one(_CREDIT) == 600
    assert shop.one("SELECT sum(delta_minor) FROM bursar.money_credit_entry") == 600


@pytest.mark.requirement("INV-13")
@pytest.mark.parametrize("amount_minor", [4_899, 5_000])
def test_a_late_payment_that_does_not_fit_is_never_dropped(shop: Machine, amount_minor: int) -> None:
    _package(shop)
    _after(shop, 49)
    expire_invoices(shop.context, shop.clock.now())
    _pay(shop, "t-1", amount_minor)
    paid = shop.one("SELECT coalesce(sum(amount_paid_minor), 0) FROM bursar.invoice WHERE status = 'paid'")
    assert paid + shop.one(_CREDIT) == amount_minor
    assert _status(shop) == "void"


@pytest.mark.requirement("INV-5")
def test_a_customer_cancels_his_own_pending_package_and_nothing_else(shop: Machine) -> None:
    do(shop.context, lambda unit: subscriber(unit, "bob"))
    _package(shop)
    _custom(shop)
    name = "billing.invoices.cancel_by_customer.v1"

    assert _run(shop, name, {"subscriber_ref": "bob", "invoice_ref": "pkg-1"})["code"] == "unknown_invoice"
    assert _run(shop, name, {"subscriber_ref": "alice", "invoice_ref": "c-1"})["code"] == "not_cancellable"
    assert _run(shop, name, {"subscriber_ref": "alice", "invoice_ref": "pkg-1"})["result"]["status"] == "void"
    assert _run(shop, name, {"subscriber_ref": "alice", "invoice_ref": "pkg-1"})["state"] == "succeeded"
    _package(shop, "pkg-2")
    _run(shop, "billing.bank_transfers.submit.v1", {
        "reference": "t-2", "amount_minor": 4_900, "currency": "EUR", "country": "PK", "purpose": "invoice", "purpose_ref": "pkg-2",
    })  # fmt: skip
    assert _run(shop, name, {"subscriber_ref": "alice", "invoice_ref": "pkg-2"})["code"] == "payment_under_way"


@pytest.mark.requirement("INV-7", "AUDIT-2")
def test_an_operator_voids_many_for_a_reason_and_what_is_final_stays(shop: Machine) -> None:
    for number in range(3):
        _package(shop, f"p{number}")
    name = "billing.invoices.bulk_void.v1"
    assert _run(shop, name, {"invoice_refs": ["p0", "nobody"], "reason": "test orders"})["code"] == "unknown_invoice"
    assert shop.all("SELECT DISTINCT status FROM bursar.invoice") == [("pending",)]
    done = _run(shop, name, {"invoice_refs": ["p0", "p1", "p1"], "reason": "test orders"}, actor="anna")
    assert done["result"] == {"voided": 2, "kept": []}
    assert _run(shop, name, {"invoice_refs": ["p0", "p2"], "reason": "again"})["result"] == {"voided": 1, "kept": ["p0"]}
    assert shop.all("SELECT DISTINCT status FROM bursar.invoice") == [("void",)]
    assert shop.all(_VOIDED, "test orders") == [("app:anna", "test orders")]


@pytest.mark.requirement("INV-14", "INV-1")
def test_an_operator_writes_an_invoice_once_with_actor_and_reason(shop: Machine) -> None:
    assert _custom(shop)["result"]["total_minor"] == 9_000
    assert _custom(shop)["state"] == "succeeded"
    assert _run(shop, "billing.invoices.create_custom.v1", {
        "reference": "c-1", "subscriber_ref": "alice", "currency": "EUR", "lines": [{"description": "x", "amount_minor": 1}], "reason": "r",
    })["code"] == "reference_used"  # fmt: skip
    found = shop.all("SELECT invoice_type, actor, reason, total_minor FROM bursar.invoice")
    assert found == [("custom", "app:anna", "agreed on the phone", 9_000)]


@pytest.mark.requirement("INV-12", "CLEAN-2")
def test_what_nobody_pays_for_months_is_uncollectible(shop: Machine) -> None:
    _custom(shop)
    _after(shop, 24 * (14 + 90) - 1)
    assert write_off_stale_invoices(shop.context, shop.clock.now())["items"] == 0
    _after(shop, 1)
    assert write_off_stale_invoices(shop.context, shop.clock.now())["items"] == 1
    assert _status(shop, "c-1") == "uncollectible"


@pytest.mark.requirement("INV-6", "SUB-9")
def test_a_pending_package_changes_nothing_of_the_account(shop: Machine) -> None:
    before = shop.all("SELECT status, suspended_at, updated_at FROM bursar.subscriber")
    _package(shop)
    _after(shop, 49)
    expire_invoices(shop.context, shop.clock.now())
    assert shop.all("SELECT status, suspended_at, updated_at FROM bursar.subscriber") == before
