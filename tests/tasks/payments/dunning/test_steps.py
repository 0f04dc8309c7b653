"""Steps of dunning without a provider: what is tried, skipped and why, two runs at once, policies by command (DUN-1 to DUN-10)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from billing.operations.close_dunning import close_case, load_attempts
from billing.operations.collect_invoice import collect_invoice
from billing.operations.follow_payment_request import fail_or_move
from billing.operations.issue_invoice import Draft, Line, issue_invoice
from billing.operations.open_dunning import dun_failed_payment
from billing.operations.own_row import own_row
from billing.operations.settle_invoice import settle_invoice
from billing.operations.void_invoice import void_invoice
from models.base import OWN_SOURCE
from models.dunning_case import DunningCase
from models.invoice import Invoice
from models.payment_request import PaymentRequest
from models.subscriber import Subscriber
from tasks.payments.runs import collect_due, enforce_dunning
from tests.factories.subscribers import do, subscriber
from tests.harness.machine import Machine
from workers.unit import Unit

pytestmark = pytest.mark.breaks(
    "invoices_paid_by_something",
    because="its rows are made by hand, by verbs and not by payments",
)

_STEPS = "SELECT status, because FROM bursar.dunning_attempt WHERE kind = 'ladder' ORDER BY number"


@pytest.fixture
def machine_(machine: Machine) -> Iterator[Machine]:
    """A machine whose subscriber has an invoice that failed."""
    _fails(machine)
    yield machine
    assert machine.all("SELECT error FROM bursar.run_failure") == []


def _fails(machine: Machine, ref: str = "in-1", *, status: str = "failed", **values: Any) -> None:
    def make(unit: Unit) -> None:
        subscriber(unit, **({"payment_method_ref": "pm_1"} | values))
        invoice = issue_invoice(unit, Draft(
            reference=ref, invoice_type="custom", subscriber_ref="alice", currency="EUR", billing_reason="manual", due_at=unit.now,
            lines=[Line(amount_minor=2_000, description="Set-up")],
        ))  # fmt: skip
        request, _ = own_row(unit, PaymentRequest, "stripe", f"inv:{ref}")
        request.status, request.attempt, request.payment_method_ref = status, 1, "pm_1"
        request.amount_minor, request.carried_minor, request.currency, request.off_session = 2_000, 0, "EUR", True
        request.purpose, request.purpose_ref, request.subscriber_ref = "invoice", ref, "alice"
        request.customer_ref, request.decline_code = "cus_alice", "insufficient_funds"
        dun_failed_payment(unit, invoice, request)

    do(machine.context, make)


def _after(machine: Machine, days: float) -> None:
    machine.clock.move_to(machine.clock.now() + timedelta(days=days))


def _set(machine: Machine, **values: Any) -> None:
    def change(unit: Unit) -> None:
        row = unit.row(Subscriber, OWN_SOURCE, "alice")
        for name, value in values.items():
            setattr(row, name, value)

    do(machine.context, change)


@pytest.mark.requirement("DUN-9")
def test_no_card_at_all_is_not_tried_and_reminded_of(machine_: Machine) -> None:
    _set(machine_, payment_method_ref=None)
    _after(machine_, 1.1)
    assert collect_due(machine_.context, machine_.clock.now())["items"] == 1
    assert machine_.all(_STEPS)[0] == ("skipped", "no_method")
    assert machine_.one("SELECT count(*) FROM bursar.submission") == 0
    assert machine_.one("SELECT mail FROM bursar.dunning_attempt WHERE number = 1") == "dunning_reminder"


@pytest.mark.parametrize(("status", "because"), [("requires_action", "needs_customer"), ("processing", "in_progress")])
def test_what_waits_for_the_customer_or_the_bank_is_left_alone(machine: Machine, status: str, because: str) -> None:
    _fails(machine, status=status)
    _after(machine, 1.1)
    collect_due(machine.context, machine.clock.now())
    assert machine.all(_STEPS)[0] == ("skipped", because)


@pytest.mark.requirement("DUN-4", "DUN-6")
def test_two_runs_at_once_try_once_with_the_method_and_the_amount_of_now(machine_: Machine) -> None:
    def pay_a_part(unit: Unit) -> None:
        invoice = unit.row(Invoice, OWN_SOURCE, "in-1")
        invoice.amount_paid_minor, invoice.amount_remaining_minor = 500, 1_500

    do(machine_.context, pay_a_part)
    _set(machine_, payment_method_ref="pm_2")
    _after(machine_, 1.1)
    now = machine_.clock.now()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: collect_due(machine_.context, now), range(2)))
    assert machine_.all("SELECT status, method_ref, request_attempt, amount_minor FROM bursar.dunning_attempt WHERE number = 1") == [
        ("processing", "pm_2", 2, 1_500)
    ]
    bodies = machine_.all("SELECT body FROM bursar.submission")
    assert len(bodies) == 1
    assert '"amount":1500' in str(bodies[0][0])
    _after(machine_, 2)
    collect_due(machine_.context, machine_.clock.now())
    assert machine_.all(_STEPS)[1] == ("skipped", "in_progress")


@pytest.mark.requirement("DUN-10", "INV-6")
@pytest.mark.parametrize("paid", [True, False])
def test_an_invoice_without_a_subscription_suspends_nobody_and_is_given_up_in_the_end(machine_: Machine, paid: bool) -> None:
    _after(machine_, 20)
    assert enforce_dunning(machine_.context, machine_.clock.now())["items"] == 0
    assert machine_.one("SELECT suspended_at FROM bursar.subscriber") is None
    if paid:
        do(machine_.context, lambda unit: settle_invoice(unit, unit.row(Invoice, OWN_SOURCE, "in-1"), paid_minor=2_000, because="payment"))
    _after(machine_, 16)
    enforce_dunning(machine_.context, machine_.clock.now())
    found = machine_.all("SELECT i.status, c.status, c.running_ref FROM bursar.invoice i, bursar.dunning_case c")
    assert found == [("paid", "recovered", None) if paid else ("uncollectible", "terminated", None)]
    assert {row[0] for row in machine_.all(_STEPS)} == {"cancelled"}


def test_money_that_is_looked_for_is_waited_for(machine_: Machine) -> None:
    def hold(unit: Unit) -> None:
        unit.row(Invoice, OWN_SOURCE, "in-1").confirmation_since = unit.now

    do(machine_.context, hold)
    _after(machine_, 40)
    collect_due(machine_.context, machine_.clock.now())
    enforce_dunning(machine_.context, machine_.clock.now())
    assert machine_.all("SELECT status FROM bursar.dunning_case") == [("open",)]
    assert machine_.all(_STEPS)[-1] == ("skipped", "transfer_waits")


@pytest.mark.requirement("DUN-2")
def test_an_operators_suspension_is_not_lifted_by_payment(machine_: Machine) -> None:
    def suspend(unit: Unit) -> None:
        row = unit.row(Subscriber, OWN_SOURCE, "alice")
        row.suspended_at, row.suspended_because = unit.now, "fraud"
        unit.row(DunningCase, OWN_SOURCE, "in-1").suspended_at = unit.now

    do(machine_.context, suspend)
    do(machine_.context, lambda unit: void_invoice(unit, unit.row(Invoice, OWN_SOURCE, "in-1"), "a mistake"))
    assert machine_.all("SELECT status, closed_because FROM bursar.dunning_case") == [("cancelled", "a mistake")]
    assert machine_.one("SELECT suspended_because FROM bursar.subscriber") == "fraud"


def _defines(machine: Machine, policy: dict[str, Any]) -> dict[str, Any]:
    """The command, at this instant: mails are not waited for."""
    key = machine.submit("billing.dunning_policies.define.v1", policy)
    while machine.work():
        pass
    return machine.status(key)


@pytest.mark.requirement("DUN-1", "DUN-3")
def test_a_policy_is_defined_by_command_and_holds_for_what_fails_from_then_on(machine_: Machine) -> None:
    about = {"reference": "brief", "retry_intervals_days": [2, 4], "suspend_after_days": 3, "terminate_after_days": 5, "mails": False}
    assert _defines(machine_, about)["state"] == "succeeded"
    told = _defines(machine_, about | {"template_prefix": "nowhere"})
    assert told["state"] == "rejected"
    assert "unknown_templates" in str(told)
    mails = "SELECT count(*) FROM bursar.outbox WHERE kind = 'mail.send'"
    before = machine_.one(mails)
    _fails(machine_, "in-2", dunning_policy_ref="brief")
    rows = machine_.all("SELECT policy_ref, retry_intervals_days FROM bursar.dunning_case ORDER BY external_id")
    assert rows == [("standard", [1, 3, 7, 14, 30]), ("brief", [2, 4])]
    assert machine_.one(mails) == before
    assert _defines(machine_, about | {"retry_intervals_days": [4, 2]})["state"] == "rejected"


@pytest.mark.requirement("DUN-2", "DUN-10")
@pytest.mark.parametrize(
    ("status", "invoice"), [("requires_action", "uncollectible"), ("cancelled", "uncollectible"), ("processing", "pending")]
)
def test_a_try_that_waits_for_the_customer_puts_off_no_deadline(machine_: Machine, status: str, invoice: str) -> None:
    _after(machine_, 1.1)
    collect_due(machine_.context, machine_.clock.now())
    assert machine_.all(_STEPS)[0] == ("processing", None)
    with machine_.connect() as connection:
        connection.execute("UPDATE bursar.payment_request SET status = %s", [status])
    _after(machine_, 34)
    enforce_dunning(machine_.context, machine_.clock.now())
    assert machine_.one("SELECT status FROM bursar.invoice") == invoice


@pytest.mark.requirement("DUN-1", "DUN-2")
def test_a_charge_without_the_customer_that_wants_him_after_all_has_failed(machine: Machine) -> None:
    def wants(unit: Unit) -> None:
        subscriber(unit, payment_method_ref="pm_1")
        invoice = issue_invoice(unit, Draft(
            reference="in-1", invoice_type="custom", subscriber_ref="alice", currency="EUR", billing_reason="manual", due_at=unit.now,
            lines=[Line(amount_minor=2_000, description="Set-up")],
        ))  # fmt: skip
        request = collect_invoice(unit, invoice)
        assert request is not None
        fail_or_move(unit, request, "requires_action")

    do(machine.context, wants)
    assert machine.all("SELECT status FROM bursar.dunning_case") == [("open",)]
    assert machine.one("SELECT status FROM bursar.dunning_attempt WHERE number = 0") == "failed"


def test_what_ended_tries_is_taken_back_with_the_event_that_failed(machine_: Machine) -> None:
    def pay_and_fail(unit: Unit) -> None:
        unit.load([(Subscriber.NAME, OWN_SOURCE, "alice"), (DunningCase.NAME, OWN_SOURCE, "in-1")])
        load_attempts(unit, ["in-1"])
        unit.about(now=unit.now, actor="bursar", reason="an event", inbox_id=None)
        close_case(unit, unit.row(DunningCase, OWN_SOURCE, "in-1"), "cancelled", "a test")
        unit.undo()

    before = machine_.all(_STEPS)
    do(machine_.context, pay_and_fail)
    assert machine_.all(_STEPS) == before
    assert ("pending", None) in before, "there was something to end"
