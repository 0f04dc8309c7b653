"""What is paid in parts, or too much: the rest is asked for as before, and what ends or goes back is counted once (INV-3, INV-13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.operations.issue_invoice import Draft, Line, issue_invoice
from models.invoice import Invoice
from tasks.payments.runs import expire_bank_transfers, expire_invoices
from tests.factories.subscribers import do, subscriber
from tests.harness.machine import Machine
from workers.unit import Unit

_CREDIT = "SELECT coalesce(sum(balance_minor), 0)::int FROM bursar.money_credit"
_INVOICE = "SELECT status, amount_paid_minor, amount_remaining_minor FROM bursar.invoice WHERE external_id = 'pkg-1'"


class Desk:
    """One subscriber with an order of 4,900 that ends after 48 hours."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        do(machine.context, subscriber)
        do(machine.context, self._order)

    def does(self, name: str, **payload: Any) -> dict[str, Any]:
        """A command, at this instant."""
        key = self.machine.submit(f"billing.{name}.v1", payload, actor="anna")
        while self.machine.work():
            pass
        told = self.machine.status(key)
        assert told["state"] == "succeeded", told
        return told

    def hands_in(self, reference: str, amount_minor: int) -> None:
        """A transfer that nobody has looked at."""
        self.does(
            "bank_transfers.submit", reference=reference, amount_minor=amount_minor, currency="EUR", country="PK", purpose="invoice",
            purpose_ref="pkg-1",
        )  # fmt: skip

    def pays(self, reference: str, amount_minor: int) -> None:
        """One whose money has come."""
        self.hands_in(reference, amount_minor)
        self.does("bank_transfers.approve", reference=reference, reason="seen in the account")

    def gives_back(self, reference: str, **values: Any) -> None:
        """All of a transfer, or `amount_minor` of it."""
        asked = {"source": "manual", "key": f"r-{reference}", "payment_ref": reference, "acting_for": "platform", **values}
        self.does("refunds.request", **asked, reason="duplicate_payment")
        refund = self.machine.one("SELECT external_id FROM bursar.refund_request WHERE payment_ref = %s", reference)
        self.does("bank_refunds.sent", reference=refund, bank_reference=f"OUT-{reference}", reason="sent back")

    def passes(self, hours: float) -> None:
        """Time."""
        self.machine.clock.move_to(self.machine.clock.now() + timedelta(hours=hours))

    def ends(self) -> int:
        """The run that voids what has ended."""
        return int(expire_invoices(self.machine.context, self.machine.clock.now())["items"])

    @property
    def credit(self) -> int:
        """What he has with us."""
        return int(self.machine.one(_CREDIT))

    @property
    def invoice(self) -> tuple[Any, ...]:
        """Status, paid, remaining."""
        return self.machine.all(_INVOICE)[0]

    @staticmethod
    def _order(unit: Unit) -> Invoice:
        return issue_invoice(unit, Draft(
            reference="pkg-1", invoice_type="credit_package", subscriber_ref="alice", currency="EUR", billing_reason="package",
            lines=[Line(amount_minor=4_900, description="500 credits")], due_at=unit.now, product_ref="credits-500", package_credits=500,
            expires_at=unit.now + timedelta(hours=48), collection="manual",
        ))  # fmt: skip


@pytest.fixture
def desk(machine: Machine) -> Desk:
    """The app and its operator."""
    return Desk(machine)


@pytest.mark.requirement("INV-3", "DUN-2")
def test_a_transfer_that_paid_a_part_stops_no_clock_any_longer(desk: Desk) -> None:
    desk.pays("t-1", 100)
    assert desk.invoice == ("pending", 100, 4_800)
    desk.passes(48.1)
    assert desk.ends() == 1


@pytest.mark.requirement("INV-3")
def test_two_transfers_that_come_to_nothing_at_once_let_the_clock_go_on(desk: Desk) -> None:
    desk.hands_in("t-1", 4_900)
    desk.hands_in("t-2", 4_900)
    desk.passes(24 * 30)
    assert expire_bank_transfers(desk.machine.context, desk.machine.clock.now())["expired"] == 2
    assert desk.machine.one("SELECT confirmation_since FROM bursar.invoice") is None
    desk.passes(48.1)
    assert desk.ends() == 1


@pytest.mark.requirement("INV-13", "CRED-10")
def test_what_was_paid_of_an_invoice_that_ends_is_credit_and_goes_with_the_money(desk: Desk) -> None:
    desk.pays("t-1", 1_000)
    desk.pays("t-2", 500)
    assert desk.credit == 0
    desk.does("invoices.bulk_void", invoice_refs=["pkg-1"], reason="ordered by mistake")
    assert desk.credit == 1_500
    desk.pays("t-3", 200)
    assert desk.credit == 1_700
    desk.gives_back("t-1")
    assert desk.credit == 700


@pytest.mark.requirement("INV-13", "REFUND-5")
def test_of_money_that_came_twice_what_goes_back_is_no_credit_any_longer(desk: Desk) -> None:
    desk.pays("t-1", 5_900)
    assert (desk.invoice, desk.credit) == (("paid", 4_900, 0), 1_000)
    desk.gives_back("t-1", amount_minor=1_000)
    assert (desk.credit, desk.machine.one("SELECT coalesce(refunded_minor, 0) FROM bursar.invoice")) == (0, 0)
    desk.pays("t-2", 4_900)
    desk.gives_back("t-2", amount_minor=1_900)
    assert desk.credit == 3_000


@pytest.mark.requirement("INV-13", "REFUND-5")
def test_a_part_that_went_back_before_the_rest_was_paid_is_owed_again(desk: Desk) -> None:
    desk.pays("t-1", 3_000)
    desk.gives_back("t-1")
    assert desk.invoice == ("pending", 0, 4_900)
    desk.pays("t-2", 1_900)
    assert desk.invoice == ("pending", 1_900, 3_000)
    desk.pays("t-3", 3_000)
    assert desk.invoice == ("paid", 4_900, 0)
    desk.gives_back("t-3", amount_minor=500)
    assert desk.machine.one("SELECT refunded_minor FROM bursar.invoice WHERE refunded_minor > 0") == 500
