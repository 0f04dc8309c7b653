"""Changes of a running subscription end to end: what a day in the middle of a month costs, gives back and never counts twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from billing.operations.issue_invoice import Draft, Line, issue_invoice
from tests.factories.subscribers import do, price, product
from tests.factories.subscriptions import Billing
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox
from workers.unit import Unit

pytestmark = pytest.mark.breaks("periods_opened", because="the running period is moved by hand to the first of April")
FIRST, MIDDLE = datetime(2027, 4, 1, tzinfo=UTC), datetime(2027, 4, 16, tzinfo=UTC)


@pytest.fixture
def billing(database: Database, stripe_sandbox: Sandbox) -> Iterator[Billing]:
    """Ann has had Pro at 20.00 a month since the first of April, and it is the sixteenth; Max costs 50.00, Lite 10.00."""
    machine = Machine(database, **stripe_sandbox.settings())
    made = Billing(machine, stripe_sandbox.control)
    do(machine.context, _define)
    made.customer = made.created("ann")
    made.defines("ann", payment_method_ref="pm_card_visa")
    made.at(FIRST)
    made.starts("ann", "sub-1")
    made.webhooks()
    machine.all("UPDATE bursar.subscription SET anchor_at = %s, current_period_start = %s, current_period_end = %s RETURNING 1",
                FIRST, FIRST, datetime(2027, 5, 1, tzinfo=UTC))  # fmt: skip
    made.at(MIDDLE)
    yield made
    machine.close()


def _define(unit: Unit) -> None:
    for name, minor in (("lite", 1_000), ("pro", 2_000), ("max", 5_000)):
        product(unit, name, name=name.title())
        price(unit, name, minor)
    price(unit, "pro", 20_000, cycle_unit="year")


def _changes(billing: Billing, when: str = "now", **wanted: Any) -> dict[str, Any]:
    asked = {"reference": "sub-1", "subscriber_ref": "ann", "when": when, **wanted}
    told = billing.asks("billing.subscriptions.change.v1", asked)
    billing.webhooks()
    return told


def _about(minor: int, amount: int) -> bool:
    """Equal but for the seconds that the machine takes: 3000 in 30 days are 1 in 15 minutes."""
    return abs(minor - amount) <= 1


@pytest.mark.requirement("SUB-4", "SUB-5", "SUB-10")
def test_a_second_upgrade_is_billed_on_the_full_value_of_the_running_plan(billing: Billing) -> None:
    assert _changes(billing, product="pro", quantity=2)["quantity"] == 2
    assert _changes(billing, product="max")["product"] == "max"
    first, second, third = billing.charged()
    assert first == 2_000
    assert _about(second, 1_000), "half a month of one more seat at 20.00"
    assert _about(third, 3_000), "half a month of 2 x 50.00 - 2 x 20.00, not of what was charged last"
    assert billing.machine.one("SELECT count(*) FROM bursar.period_settlement") == 1, "a change refills nothing (CRED-12)"
    mails = billing.machine.all("SELECT payload ->> 'mail', count(*) FROM bursar.outbox WHERE kind = 'mail.send' GROUP BY 1 ORDER BY 1")
    assert mails == [("subscription_activated", 1), ("subscription_changed", 2)]
    kinds = billing.machine.all("SELECT invoice_type, status FROM bursar.invoice ORDER BY finalized_at OFFSET 1")
    assert kinds == [("proration", "paid")] * 2


@pytest.mark.requirement("SUB-4", "SUB-5", "CRED-10")
def test_a_downgrade_becomes_a_credit_which_the_next_invoice_takes(billing: Billing) -> None:
    _changes(billing, product="lite")
    credit = billing.machine.one("SELECT balance_minor FROM bursar.money_credit")
    assert _about(credit, 500)
    billing.at(datetime(2027, 5, 1, 1, tzinfo=UTC))
    billing.renews()
    billing.webhooks()
    assert billing.charged() == [2_000, 1_000 - credit]
    applied, paid, total = billing.machine.all(
        "SELECT credit_applied_minor, amount_paid_minor, total_minor FROM bursar.invoice ORDER BY finalized_at OFFSET 1"
    )[0]
    assert (applied, paid, total) == (credit, 1_000 - credit, 1_000)
    assert billing.machine.one("SELECT balance_minor FROM bursar.money_credit") == 0
    assert billing.machine.one("SELECT sum(delta_minor)::bigint FROM bursar.money_credit_entry") == 0


@pytest.mark.requirement("SUB-5")
def test_a_change_at_the_periods_end_waits_for_it_and_can_be_taken_back(billing: Billing) -> None:
    told = _changes(billing, "period_end", product="lite")
    assert (told["product"], billing.charged()) == ("pro", [2_000])
    _changes(billing, "period_end", product="pro")
    assert billing.machine.one("SELECT pending_change FROM bursar.subscription") is None
    _changes(billing, "period_end", product="lite", quantity=3)
    billing.at(datetime(2027, 5, 1, 1, tzinfo=UTC))
    billing.renews()
    billing.webhooks()
    assert billing.charged() == [2_000, 3_000]
    assert billing.machine.all("SELECT product_ref, quantity, pending_change FROM bursar.subscription") == [("lite", 3, None)]


@pytest.mark.requirement("SUB-5")
def test_another_cycle_begins_at_once_less_what_was_not_used(billing: Billing) -> None:
    _changes(billing, cycle_unit="year")
    assert _about(billing.charged()[1], 19_000)
    start, end = billing.machine.all("SELECT current_period_start::date::text, next_billing_at::date::text FROM bursar.subscription")[0]
    assert (start, end) == ("2027-04-16", "2028-04-16")
    assert billing.machine.one("SELECT count(*) FROM bursar.period_settlement") == 1


@pytest.mark.requirement("SUB-5")
def test_what_is_cancelled_ends_now_or_with_its_period_or_goes_on_after_all(billing: Billing) -> None:
    whose = {"reference": "sub-1", "subscriber_ref": "ann"}
    assert billing.asks("billing.subscriptions.cancel.v1", whose | {"when": "period_end"})["cancel_at_period_end"] is True
    assert _changes(billing, product="max")["code"] == "ending"
    assert billing.asks("billing.subscriptions.reactivate.v1", whose)["cancel_at_period_end"] is False
    billing.asks("billing.subscriptions.cancel.v1", whose | {"when": "period_end"})
    billing.at(datetime(2027, 5, 1, 1, tzinfo=UTC))
    billing.renews()
    assert billing.status("sub-1") == "cancelled"
    assert billing.charged() == [2_000]
    assert billing.asks("billing.subscriptions.reactivate.v1", whose)["code"] == "ended"


@pytest.mark.requirement("SUB-5", "CRED-10")
def test_an_end_now_gives_back_what_was_paid_and_not_used_once(billing: Billing) -> None:
    whose = {"reference": "sub-1", "subscriber_ref": "ann", "when": "now", "credit_unused": True}
    told = billing.asks("billing.subscriptions.cancel.v1", whose)
    billing.asks("billing.subscriptions.cancel.v1", whose)
    assert told["status"] == "cancelled"
    assert _about(billing.machine.one("SELECT balance_minor FROM bursar.money_credit"), 1_000)
    assert billing.machine.one("SELECT status FROM bursar.subscriber") == "cancelled"


@pytest.mark.requirement("SUB-2", "SUB-5")
def test_a_pause_bills_nothing_and_a_resume_begins_anew(billing: Billing) -> None:
    whose = {"reference": "sub-1", "subscriber_ref": "ann"}
    billing.asks("billing.subscriptions.pause.v1", whose)
    billing.at(datetime(2027, 8, 20, tzinfo=UTC))
    assert billing.renews() == 0
    told = billing.asks("billing.subscriptions.resume.v1", whose)
    billing.webhooks()
    assert (told["status"], billing.charged()) == ("active", [2_000, 2_000])
    assert told["next_billing_at"].startswith("2027-09-20")


@pytest.mark.requirement("SUB-14")
def test_what_was_billed_absurdly_often_is_not_resumed_into_another_period(billing: Billing) -> None:
    """A loop of an app that pauses and resumes ends here, as one that upgrades and downgrades does."""
    whose = {"reference": "sub-1", "subscriber_ref": "ann"}
    billing.asks("billing.subscriptions.pause.v1", whose)
    billing.at(datetime(2027, 5, 2, tzinfo=UTC))

    def bill(unit: Unit) -> None:
        for number in range(15):
            issue_invoice(unit, Draft(
                reference=f"loop-{number}", invoice_type="proration", subscriber_ref="ann", currency="EUR", billing_reason="change",
                due_at=unit.now, subscription_ref="sub-1", lines=[Line(amount_minor=0, description="a loop")],
            ))  # fmt: skip

    do(billing.machine.context, bill)
    told = billing.asks("billing.subscriptions.resume.v1", whose)
    assert (told["code"], told["details"]) == ("too_many_changes", {"current": 15, "limit": 15})
    assert billing.status("sub-1") == "paused"
    billing.passes(days=1.1)
    assert billing.asks("billing.subscriptions.resume.v1", whose)["state"] == "succeeded"
