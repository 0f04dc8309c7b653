"""Trials end to end with the stand-in of Stripe: once, told of, converted and charged, or expired to the free plan (TRIAL-1 to TRIAL-7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.operations.close_dunning import SUSPENDED_BECAUSE, lift_suspension
from models.base import OWN_SOURCE
from models.subscriber import Subscriber
from tasks.maintenance.check_invariants import check
from tasks.payments.runs import end_trials, expire_promo_reservations, tell_of_trials
from tests.factories.subscribers import do, price, product
from tests.factories.subscriptions import Billing
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox
from tests.harness.smtp import SmtpServer
from workers.unit import Unit

MARCH = datetime(2027, 3, 1, 9, tzinfo=UTC)
POOR, GOOD = "pm_card_chargeDeclinedInsufficientFunds", "pm_card_visa"
_MAILS = """SELECT payload ->> 'mail', payload -> 'context' ->> 'goes_on' FROM bursar.outbox
            WHERE kind = 'mail.send' AND payload ->> 'mail' LIKE 'trial%' ORDER BY id"""
_ACCESS = """SELECT s ->> 'plan', (s -> 'trial' ->> 'days_left')::int
             FROM (SELECT bursar_api.entitlements('ann', %s) AS s) AS t"""


@pytest.fixture
def billing(database: Database, stripe_sandbox: Sandbox) -> Iterator[Billing]:
    """A plan with 14 days of trial and a day of grace, a free plan, and Ann, who has stored nothing."""
    with SmtpServer() as mail:
        yield from _of(Machine(database, **stripe_sandbox.settings(), smtp_url=mail.url), stripe_sandbox)


def _of(machine: Machine, stripe_sandbox: Sandbox) -> Iterator[Billing]:
    made = Billing(machine, stripe_sandbox.control)
    do(machine.context, lambda unit: (
        product(unit, "pro", name="Pro", trial_days=14, trial_grace_days=1), price(unit), product(unit, "free", free=True),
        product(unit, "max", trial_days=14, trial_needs_method=True), price(unit, "max"),
    ))  # fmt: skip
    made.at(MARCH)
    made.customer = made.created("ann")
    made.defines("ann")
    yield made
    assert [str(one) for one in check(machine.context.engine, MARCH - timedelta(days=400), machine.clock.now())] == []
    machine.close()


def _begins(billing: Billing, reference: str = "sub-1", **values: Any) -> dict[str, Any]:
    return billing.asks("billing.trials.start.v1", billing.order("ann", reference) | values)


def _runs(billing: Billing, day: float) -> None:
    """Both runs, so many days after the trial began."""
    billing.at(max(MARCH + timedelta(days=day), billing.machine.clock.now()))
    context, now = billing.machine.context, billing.machine.clock.now()
    for run in (tell_of_trials, end_trials):
        assert run(context, now)["failed"] == 0, billing.machine.all("SELECT * FROM bursar.run_failure")
    billing.machine.settle(timedelta(hours=1))
    billing.webhooks()


@pytest.mark.requirement("TRIAL-1", "TRIAL-3", "TRIAL-4", "TRIAL-5", "TRIAL-7")
def test_a_trial_without_a_method_is_told_of_once_expires_after_its_grace_and_falls_to_the_free_plan(billing: Billing) -> None:
    told = _begins(billing)
    assert (told["status"], told["method_stored"], told["trial_ends_at"][:10]) == ("trialing", False, "2027-03-15")
    machine = billing.machine
    assert machine.all(_ACCESS, MARCH + timedelta(days=4)) == [("pro", 11)]
    assert machine.one("SELECT status FROM bursar.subscriber") == "trial"
    for day in (10, 11.1, 11.2):
        _runs(billing, day)
    assert machine.all(_MAILS) == [("trial_ending", "false")]

    _runs(billing, 14.5)
    assert (billing.status("sub-1"), machine.all(_ACCESS, MARCH + timedelta(days=14.9))[0][0]) == ("trialing", "pro"), "grace"
    assert machine.all(_ACCESS, MARCH + timedelta(days=15.1))[0][0] == "free", "without any run"
    _runs(billing, 15.5)
    _runs(billing, 15.6)
    assert machine.all("SELECT external_id, status FROM bursar.subscription ORDER BY 1") == [("sub-1", "expired"), ("sub-1:free", "active")]
    assert machine.one("SELECT status FROM bursar.subscriber") == "free"
    assert machine.all(_MAILS) == [("trial_ending", "false"), ("trial_ended", "false")]
    assert billing.charged() == []
    again = _begins(billing, "sub-2")
    assert (again["state"], again["code"], again["details"]["limit"]) == ("rejected", "trial_used", 1)


@pytest.mark.requirement("TRIAL-2", "TRIAL-4", "TRIAL-6")
def test_a_trial_with_a_method_is_converted_and_charged_once(billing: Billing) -> None:
    assert _begins(billing, product="max")["code"] == "method_needed"
    billing.defines("ann", payment_method_ref=GOOD)
    assert _begins(billing, product="max")["method_stored"] is True
    _runs(billing, 11.1)
    _runs(billing, 15)
    _runs(billing, 16)
    machine = billing.machine
    assert (billing.status("sub-1"), billing.charged()) == ("active", [2000])
    period = machine.all("SELECT period_start, billing_reason, status FROM bursar.invoice")
    assert [(str(row[0].date()), *row[1:]) for row in period] == [("2027-03-15", "create", "paid")]
    assert machine.one("SELECT count(*) FROM bursar.period_settlement") == 1
    assert machine.all(_MAILS) == [("trial_ending", "true"), ("trial_ended", "true")]


@pytest.mark.requirement("TRIAL-2")
def test_a_conversion_that_is_declined_goes_to_dunning_and_is_no_trial_any_more(billing: Billing) -> None:
    billing.defines("ann", payment_method_ref=POOR)
    _begins(billing)
    _runs(billing, 15)
    machine = billing.machine
    assert billing.status("sub-1") == "past_due"
    assert machine.all("SELECT status, policy_ref FROM bursar.dunning_case") == [("open", "standard")]
    billing.defines("ann", pay_source="manual", pay_customer_ref=None)
    _runs(billing, 16)
    assert billing.status("sub-1") == "past_due", "T3: only what is trialing expires"
    assert machine.all(_ACCESS, machine.clock.now())[0][0] == "pro"


def test_a_cancelled_trial_ends_with_it_and_charges_nothing(billing: Billing) -> None:
    billing.defines("ann", payment_method_ref=GOOD)
    _begins(billing)
    billing.asks("billing.subscriptions.cancel.v1", {"subscriber_ref": "ann", "reference": "sub-1", "when": "period_end"})
    _runs(billing, 11.1)
    _runs(billing, 15)
    assert (billing.status("sub-1"), billing.charged(), billing.machine.all(_MAILS)) == ("cancelled", [], [])


@pytest.mark.requirement("TRIAL-2", "DUN-2")
def test_a_trial_that_ends_while_the_account_is_suspended_waits_and_is_billed_from_then_on(billing: Billing) -> None:
    machine = billing.machine
    billing.defines("ann", payment_method_ref=GOOD)
    _begins(billing)

    def suspended(unit: Unit) -> None:
        row = unit.row(Subscriber, OWN_SOURCE, "ann")
        row.suspended_at, row.suspended_because = unit.now, SUSPENDED_BECAUSE

    do(machine.context, suspended)
    _runs(billing, 15)
    assert (billing.status("sub-1"), billing.charged()) == ("trialing", [])
    broken = [str(one) for one in check(machine.context.engine, MARCH, MARCH + timedelta(days=19))]
    assert [one for one in broken if one.startswith("trials_end")] == []
    billing.at(MARCH + timedelta(days=20))
    do(machine.context, lambda unit: lift_suspension(unit, "ann", "paid"))
    assert billing.charged() == []
    _runs(billing, 20.5)
    assert (billing.status("sub-1"), billing.charged()) == ("active", [2_000])
    begun, anchor, left_out = machine.all("SELECT current_period_start, anchor_at, unbilled_until FROM bursar.subscription")[0]
    assert (begun, anchor, left_out) == (MARCH + timedelta(days=20.5),) * 2 + (None,)
    actions = [row[0] for row in machine.all("SELECT action FROM bursar.audit WHERE action = 'subscription.unbilled'")]
    assert actions == ["subscription.unbilled"]


@pytest.mark.requirement("TRIAL-2", "PROMO-2")
@pytest.mark.parametrize(("method", "use", "charged"), [(GOOD, "consumed", [1_500]), (None, "released", [])])
def test_a_promo_code_is_kept_for_the_first_invoice_after_a_trial(
    billing: Billing, method: str | None, use: str, charged: list[int]
) -> None:
    def asks(name: str, **payload: Any) -> None:
        told = billing.asks(f"billing.{name}.v1", payload)
        assert told["state"] == "succeeded", told

    asks("campaigns.define", reference="spring", title="Spring", kind="percentage", basis_points=2_500, starts_on="2026-01-01",
         ends_on="2030-01-01")  # fmt: skip
    asks("promo_codes.issue", campaign="spring", codes=["SPRING"], max_uses=1)
    order: dict[str, Any] = {"code": "SPRING", "reference": "order-1", "subscriber_ref": "ann", "currency": "EUR"}
    asks("promo_codes.reserve", **order, unit_amounts_minor=[2_000], quantities=[1])
    if method is not None:
        billing.defines("ann", payment_method_ref=method)
    assert _begins(billing, promo_ref="order-2")["code"] == "promo_not_reserved"
    assert _begins(billing, promo_ref="order-1")["state"] == "succeeded"
    machine = billing.machine
    _runs(billing, 13)
    expire_promo_reservations(machine.context, machine.clock.now())
    assert machine.one("SELECT status FROM bursar.promo_redemption WHERE external_id = 'order-1'") == "reserved"
    _runs(billing, 15.1)
    assert billing.charged() == charged
    assert machine.one("SELECT status FROM bursar.promo_redemption WHERE external_id = 'order-1'") == use
