"""Seats of a subscription that ends without its last renewal being paid: what was used is owed, what was given up comes back (SEAT-2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories.documents import business, seller
from tests.factories.organisations import SCHOOL, Organisations
from tests.factories.subscribers import do, price, product, subscriber
from tests.factories.subscriptions import Billing
from tests.harness.machine import Machine

FIRST, MIDDLE, LAST = (datetime(2027, month, day, tzinfo=UTC) for month, day in ((4, 1), (4, 16), (5, 1)))


@pytest.fixture
def billing(machine: Machine) -> Any:
    """A school that pays by bank transfer: two seats of Pro at 20.00 a month, paid since the first of April; it is the sixteenth."""
    return _made(machine)


def _made(machine: Machine) -> Any:
    made: Any = Billing(machine, None)  # type: ignore[arg-type]  # nobody charges a card here
    do(machine.context, lambda unit: (product(unit, "pro", name="Pro"), price(unit)))
    made.school = Organisations(machine, pay_source="manual", pay_customer_ref=None)
    for user in ("ann", "bob"):
        made.school.says(user)
    made.at(FIRST)
    made.starts(SCHOOL, "sub-1", collection="manual")
    made.transfers("sub-1", approve=True)
    machine.all("UPDATE bursar.subscription SET anchor_at = %s, current_period_start = %s, current_period_end = %s RETURNING 1",
                FIRST, FIRST, LAST)  # fmt: skip
    made.at(MIDDLE)
    return made


def _seats(billing: Any, users: int) -> None:
    """So many more, or fewer, and the window is over."""
    for number in range(abs(users)):
        billing.school.says(f"user-{number}") if users > 0 else billing.school.leaves(("ann", "bob")[number])
    billing.school.passes(seconds=61)
    billing.school.syncs()


def _expire(billing: Any) -> None:
    """The renewal is invoiced, and nobody pays it."""
    billing.at(LAST + timedelta(hours=1))
    billing.renews()
    assert billing.status("sub-1") == "pending_renewal"
    billing.passes(days=8)
    assert billing.expires() == 1
    assert billing.status("sub-1") == "expired"


@pytest.mark.requirement("SEAT-2", "SUB-7")
def test_seats_used_before_an_unpaid_renewal_are_a_last_invoice_and_those_of_it_are_not_owed(billing: Any) -> None:
    _seats(billing, 2)
    billing.at(LAST + timedelta(hours=1))
    billing.renews()
    billing.school.says("late")
    billing.school.passes(seconds=61)
    billing.school.syncs()
    machine = billing.machine
    assert machine.one("SELECT seats_accrued_minor FROM bursar.subscription") > 0, "a seat of the month that nobody has paid"
    billing.passes(days=8)
    assert billing.expires() == 1
    assert billing.expires() == 0
    renewal, last = machine.all("SELECT status, total_minor FROM bursar.invoice WHERE billing_reason <> 'create' ORDER BY finalized_at")
    assert renewal[0] == "void"
    assert (last[0], abs(last[1] - 2_000) <= 2) == ("pending", True), "half a month of two seats, which were used"
    assert machine.all("SELECT external_id, invoice_type FROM bursar.invoice WHERE status = 'pending'") == [("sub-1:final-seats", "custom")]
    [after] = machine.all("SELECT after FROM bursar.audit WHERE action = 'subscription.seats_written_down'")[0]
    assert after["minor"] > 0
    assert machine.one("SELECT seats_accrued_minor FROM bursar.subscription") is None


@pytest.mark.requirement("SEAT-2", "SUB-7")
def test_what_seats_given_up_would_have_taken_off_an_unpaid_renewal_is_a_credit(billing: Any) -> None:
    _seats(billing, -1)
    owed = -billing.machine.one("SELECT seats_accrued_minor FROM bursar.subscription")
    assert abs(owed - 1_000) <= 2
    _expire(billing)
    assert billing.machine.all("SELECT balance_minor FROM bursar.money_credit") == [(owed,)]
    assert billing.machine.all("SELECT 1 FROM bursar.invoice WHERE status = 'pending'") == []


@pytest.mark.requirement("SEAT-2", "SEAT-7")
def test_cancelling_an_unpaid_renewal_owes_the_seats_of_the_period_before(billing: Any) -> None:
    _seats(billing, 2)
    billing.at(LAST + timedelta(hours=1))
    billing.renews()
    told = billing.asks("billing.subscriptions.cancel.v1", {"reference": "sub-1", "subscriber_ref": SCHOOL, "when": "now"})
    assert told["state"] == "succeeded", told
    [(name, minor)] = billing.machine.all("SELECT external_id, total_minor FROM bursar.invoice WHERE status = 'pending'")
    assert (name, abs(minor - 2_000) <= 2) == ("sub-1:final-seats", True)


@pytest.mark.requirement("SEAT-2", "CRED-10")
@pytest.mark.parametrize("renewed", [True, False])
def test_what_given_up_seats_bring_back_has_the_tax_that_was_paid_on_them(machine: Machine, renewed: bool) -> None:
    do(machine.context, lambda unit: (seller(unit, prices="exclusive"), subscriber(unit, SCHOOL)))
    do(machine.context, lambda unit: business(unit, SCHOOL))
    billing = _made(machine)
    _seats(billing, -1)
    given_up = -machine.one("SELECT seats_accrued_minor FROM bursar.subscription")
    if renewed:
        _expire(billing)
    else:
        billing.asks("billing.subscriptions.cancel.v1", {"reference": "sub-1", "subscriber_ref": SCHOOL, "when": "now"})
    [(total, tax)] = machine.all("SELECT total_minor, tax_minor FROM bursar.invoice WHERE status = 'paid'")
    assert (total - tax, tax > 0) == (4_000, True)
    credit = machine.one("SELECT balance_minor FROM bursar.money_credit")
    assert abs(credit * 4_000 - given_up * total) <= 4_000
    noted = "SELECT sum(total_minor) FROM bursar.document WHERE kind = 'credit_note' AND external_id LIKE 'unused:%%'"
    assert machine.one(noted) == credit
