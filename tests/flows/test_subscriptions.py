"""Subscriptions that we bill, end to end against the stand-in of Stripe: command, invoice, charge, webhooks, renewal, failure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.maintenance.check_invariants import check
from tests.factories.subscribers import do, price, product
from tests.factories.subscriptions import Billing
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox
from tests.harness.smtp import SmtpServer

JANUARY = datetime(2027, 1, 31, 9, 30, 15, tzinfo=UTC)


@pytest.fixture
def billing(database: Database, stripe_sandbox: Sandbox) -> Iterator[Billing]:
    """The app, Bursar and Stripe; a plan of 20.00 EUR a month, and Ann, who pays by card."""
    with SmtpServer() as mail:
        machine = Machine(database, **stripe_sandbox.settings(), smtp_url=mail.url)
        yield from _of(machine, stripe_sandbox)


def _of(machine: Machine, stripe_sandbox: Sandbox) -> Iterator[Billing]:
    made = Billing(machine, stripe_sandbox.control)
    do(machine.context, lambda unit: (product(unit, "pro", name="Pro"), price(unit)))
    made.customer = made.created("ann")
    told = made.defines("ann", payment_method_ref="pm_card_visa")
    assert told["state"] == "succeeded", told
    yield made
    now = machine.clock.now()
    assert [str(one) for one in check(machine.context.engine, now - timedelta(days=400), now)] == []
    machine.close()


def _invoices(billing: Billing) -> list[tuple[Any, ...]]:
    return billing.machine.all("SELECT period_start::date::text, total_minor, status FROM bursar.invoice ORDER BY period_start")


@pytest.mark.requirement("SUB-1", "PAY-10")
def test_a_start_is_charged_once_from_the_stored_method_and_runs_once_it_is_paid(billing: Billing) -> None:
    told = billing.starts("ann", "sub-1")
    assert (told["status"], told["invoice_status"], told["amount_due_minor"]) == ("pending", "pending", 2000)
    billing.webhooks(twice=True)

    assert billing.status("sub-1") == "active"
    assert billing.charged() == [2000]
    machine = billing.machine
    assert machine.all("SELECT status, amount_paid_minor FROM bursar.invoice") == [("paid", 2000)]
    assert machine.all("SELECT because FROM bursar.period_settlement") == [("invoice_paid",)]
    assert machine.one("SELECT status FROM bursar.subscriber") == "active"
    again = billing.starts("ann", "sub-1")
    assert (again["status"], billing.charged()) == ("active", [2000])


@pytest.mark.requirement("SUB-3", "SUB-13", "PAY-10")
def test_three_months_without_a_run_are_billed_month_by_month_and_a_31st_comes_back(billing: Billing) -> None:
    billing.at(JANUARY)
    billing.starts("ann", "sub-1")
    billing.webhooks()
    billing.at(datetime(2027, 4, 30, 12, tzinfo=UTC))

    assert billing.renews() == 1
    billing.webhooks()
    assert billing.renews() == 0

    months = ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]
    assert _invoices(billing) == [(day, 2000, "paid") for day in months]
    assert billing.charged() == [2000] * 4
    assert billing.machine.one("SELECT next_billing_at::date::text FROM bursar.subscription") == "2027-05-31"
    assert billing.machine.one("SELECT count(*) FROM bursar.period_settlement") == 4


@pytest.mark.requirement("PAY-10", "SUB-2")
def test_a_renewal_that_is_declined_leaves_the_invoice_open_and_the_subscription_past_due(billing: Billing) -> None:
    billing.starts("ann", "sub-1")
    billing.webhooks()
    billing.defines("ann", payment_method_ref="pm_card_chargeDeclinedInsufficientFunds")
    billing.passes(days=32)
    billing.renews()
    billing.webhooks()

    machine = billing.machine
    assert billing.status("sub-1") == "past_due"
    assert machine.all("SELECT status, attempt_count FROM bursar.invoice ORDER BY period_start") == [("paid", 0), ("pending", 1)]
    request = machine.one("SELECT external_id FROM bursar.payment_request WHERE status = 'failed'")
    machine.run("billing.payments.retry.v1", {
        "source": "stripe", "reference": request, "attempt": 2, "payment_method_ref": "pm_card_visa"
    })  # fmt: skip
    billing.webhooks()
    assert billing.status("sub-1") == "active"
    assert machine.one("SELECT count(*) FROM bursar.period_settlement") == 2


@pytest.mark.requirement("SUB-7")
def test_a_manual_renewal_waits_seven_days_and_expires_unless_a_transfer_waits_for_approval(billing: Billing) -> None:
    billing.defines("bob", pay_source="manual", pay_customer_ref=None)
    first = billing.starts("bob", "sub-2", collection="manual")
    assert first["status"] == "pending"
    billing.transfers("sub-2", approve=True)
    assert billing.status("sub-2") == "active"
    billing.passes(days=32)
    billing.renews()
    assert billing.status("sub-2") == "pending_renewal"
    billing.transfers("sub-2", approve=False)
    billing.passes(days=8)
    assert billing.expires() == 0, "it is being looked for"
    billing.decides("sub-2", approve=True)
    assert billing.status("sub-2") == "active"
    billing.passes(days=30)
    billing.renews()
    billing.passes(days=8)
    assert billing.expires() == 1
    assert billing.status("sub-2") == "expired"
    assert [row[0] for row in billing.machine.all("SELECT status FROM bursar.invoice ORDER BY period_start")] == ["paid", "paid", "void"]


@pytest.mark.requirement("SUB-1", "SUB-9")
def test_the_free_plan_runs_at_once_and_is_never_invoiced(billing: Billing) -> None:
    do(billing.machine.context, lambda unit: product(unit, "free", free=True))
    told = billing.starts("ann", "sub-0", product="free")
    assert (told["status"], told["invoice"]) == ("active", None)
    billing.passes(days=65)
    billing.renews()
    machine = billing.machine
    assert machine.one("SELECT count(*) FROM bursar.invoice") == 0
    assert machine.one("SELECT count(*) FROM bursar.subscription_period") == 3
    assert machine.one("SELECT count(*) FROM bursar.period_settlement") == 3


@pytest.mark.requirement("SUB-14")
def test_a_subscription_with_absurdly_many_periods_due_is_parked_and_nothing_is_billed(billing: Billing) -> None:
    do(billing.machine.context, lambda unit: price(unit, "pro", 100, cycle_unit="day"))
    billing.starts("ann", "sub-1", cycle_unit="day")
    billing.webhooks()
    billing.passes(days=17)
    billing.renews()
    assert billing.machine.one("SELECT count(*) FROM bursar.invoice") == 1
    assert billing.machine.one("SELECT parked_because FROM bursar.subscription").startswith("17 periods are due")
    assert billing.renews() == 0
    told = billing.asks("billing.subscriptions.unpark.v1", {"reference": "sub-1", "subscriber_ref": "ann", "reason": "an outage"})
    assert told["state"] == "succeeded", told
    assert billing.renews() == 1
    billing.webhooks()
    assert billing.charged() == [100, 100], "the days of the outage are not billed"


@pytest.mark.requirement("PAY-10", "PAY-17")
def test_an_invoice_below_the_providers_minimum_is_carried_over_and_counts_as_paid(billing: Billing) -> None:
    do(billing.machine.context, lambda unit: (product(unit, "mini"), price(unit, "mini", 30)))
    billing.starts("ann", "sub-1", product="mini")
    assert billing.status("sub-1") == "active"
    assert billing.charged() == []
    billing.passes(days=32)
    billing.renews()
    billing.webhooks()
    assert billing.charged() == [60]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"product": "none"}, "unknown_product"),
        ({"product": "old"}, "not_offered"),
        ({"currency": "USD"}, "no_price"),
        ({"subscriber_ref": "nobody"}, "unknown_subscriber"),
        ({"quantity": 100_000}, "amount_out_of_bounds"),
        ({"promo_ref": "order-1"}, "promo_not_reserved"),
        ({"reference": "sub-2"}, "already_subscribed"),
    ],
)
def test_what_cannot_begin_is_refused_and_leaves_no_row(billing: Billing, changed: dict[str, Any], code: str) -> None:
    do(billing.machine.context, lambda unit: product(unit, "old", status="retired"))
    if code == "already_subscribed":
        billing.starts("ann", "sub-1")
        billing.webhooks()
    told = billing.asks("billing.subscriptions.start.v1", billing.order("ann", "sub-1") | changed)
    assert (told["state"], told["code"]) == ("rejected", code)
    assert billing.machine.one("SELECT count(*) FROM bursar.subscription WHERE external_id = 'sub-1'") == (code == "already_subscribed")
