"""A renewal that nobody paid, end to end with the stand-in of Stripe: ladder, declines, new cards, suspension, end (DUN-1 to DUN-10)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.maintenance.check_invariants import check
from tasks.payments.runs import collect_due, enforce_dunning
from tests.factories.subscribers import do, price, product
from tests.factories.subscriptions import Billing
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox
from tests.harness.smtp import SmtpServer

MARCH = datetime(2027, 3, 1, 9, tzinfo=UTC)
POOR, STOLEN, GOOD = "pm_card_chargeDeclinedInsufficientFunds", "pm_card_chargeDeclinedStolenCard", "pm_card_visa"
_STEPS = "SELECT number, status, because FROM bursar.dunning_attempt WHERE kind <> 'new_method' ORDER BY number"
_MAILS = "SELECT payload ->> 'mail' FROM bursar.outbox WHERE payload ->> 'mail' LIKE 'dunning%' ORDER BY id"


@pytest.fixture
def billing(database: Database, stripe_sandbox: Sandbox) -> Iterator[Billing]:
    """Ann, whose first month is paid."""
    with SmtpServer() as mail:
        yield from _of(Machine(database, **stripe_sandbox.settings(), smtp_url=mail.url), stripe_sandbox)


def _of(machine: Machine, stripe_sandbox: Sandbox) -> Iterator[Billing]:
    made = Billing(machine, stripe_sandbox.control)
    do(machine.context, lambda unit: (product(unit, "pro", name="Pro"), price(unit)))
    made.at(MARCH - timedelta(days=31))
    made.customer = made.created("ann")
    made.defines("ann", payment_method_ref=GOOD)
    made.starts("ann", "sub-1")
    made.webhooks()
    yield made
    made.renews()
    made.webhooks()
    assert [str(one) for one in check(machine.context.engine, MARCH - timedelta(days=400), machine.clock.now())] == []
    machine.close()


def _fails(billing: Billing, method: str = POOR) -> None:
    """The renewal is declined."""
    billing.defines("ann", payment_method_ref=method)
    billing.at(MARCH + timedelta(days=1))
    billing.renews()
    billing.webhooks()
    assert billing.status("sub-1") == "past_due"


def _on_day(billing: Billing, day: float) -> int:
    """The runs, so many days after the failure; how many steps were taken."""
    opened = billing.machine.one("SELECT opened_at FROM bursar.dunning_case")
    billing.at(max(opened + timedelta(days=day, minutes=1), billing.machine.clock.now()))
    now = billing.machine.clock.now()
    told = collect_due(billing.machine.context, now)
    assert told["failed"] == 0, billing.machine.all("SELECT * FROM bursar.run_failure")
    _settle(billing)
    billing.webhooks()
    told2 = enforce_dunning(billing.machine.context, now)
    assert told2["failed"] == 0, billing.machine.all("SELECT * FROM bursar.run_failure")
    _settle(billing)
    return int(told["items"])


def _settle(billing: Billing) -> None:
    billing.machine.settle(timedelta(hours=1))


def _steps(billing: Billing) -> list[tuple[Any, ...]]:
    return billing.machine.all(_STEPS)


@pytest.mark.requirement("DUN-1", "DUN-2", "DUN-3", "DUN-4", "DUN-5", "DUN-6", "DUN-7")
def test_a_ladder_is_climbed_from_the_original_failure_and_ends_in_suspension_and_termination(billing: Billing) -> None:
    _fails(billing)
    machine = billing.machine
    days = machine.all("SELECT extract(epoch FROM a.due_at - c.opened_at) / 86400 FROM bursar.dunning_attempt a, bursar.dunning_case c")
    assert sorted(int(row[0]) for row in days) == [0, 1, 3, 7, 14, 30]

    assert [_on_day(billing, day) for day in (0.9, 1, 2, 3, 7)] == [0, 1, 0, 1, 1]
    assert machine.one("SELECT suspended_at FROM bursar.subscriber") is None
    access = "SELECT bursar_api.entitlements('ann', %s) -> 'blocked'"
    deadline = machine.one("SELECT grace_until FROM bursar.subscription")
    assert machine.one(access, deadline - timedelta(minutes=1)) is False
    assert machine.one(access, deadline) is True

    _on_day(billing, 14)
    assert machine.one("SELECT suspended_because FROM bursar.subscriber") == "payment overdue"
    assert (billing.status("sub-1"), machine.one("SELECT status FROM bursar.subscriber")) == ("unpaid", "suspended")
    _on_day(billing, 30)
    assert [row[1] for row in _steps(billing)] == ["failed"] * 6
    assert machine.one("SELECT count(*) FROM bursar.payment WHERE status <> 'succeeded'") == 6, "each try is a payment of its own"

    _on_day(billing, 35)
    assert billing.status("sub-1") == "cancelled"
    assert machine.all("SELECT status FROM bursar.invoice ORDER BY period_start") == [("paid",), ("uncollectible",)]
    assert machine.all("SELECT status, closed_because FROM bursar.dunning_case") == [("terminated", "unpaid")]
    assert machine.one("SELECT status FROM bursar.subscriber") == "cancelled"
    assert [row[0] for row in machine.all(_MAILS)] == [
        *["dunning_failed"] * 5, "dunning_suspended", "dunning_failed", "dunning_terminated",
    ]  # fmt: skip
    assert machine.one("SELECT count(*) FROM bursar.dunning_attempt WHERE sent_at IS NULL OR decline_code <> 'insufficient_funds'") == 0
    totals = machine.all("SELECT currency, attempted, attempted_minor, recovered, failed FROM bursar.collection_run_total")
    assert totals == [("EUR", 1, 2000, 0, 1)] * 5


@pytest.mark.requirement("DUN-5", "DUN-10")
def test_success_ends_the_ladder_and_lifts_the_suspension(billing: Billing) -> None:
    _fails(billing)
    _on_day(billing, 14)
    assert [row[1:] for row in _steps(billing)] == [
        ("failed", None), *[("skipped", "superseded")] * 3, ("failed", None), ("pending", None),
    ], "after an outage only the newest of the steps that are due is tried"  # fmt: skip
    machine = billing.machine
    assert billing.status("sub-1") == "unpaid"
    opened = machine.one("SELECT opened_at FROM bursar.dunning_case")
    billing.at(opened + timedelta(days=29))
    with machine.connect() as connection:
        connection.execute("UPDATE bursar.subscriber SET payment_method_ref = %s", [GOOD])
    _on_day(billing, 30)
    assert [row[1] for row in _steps(billing)][-1] == "success"
    assert (billing.status("sub-1"), machine.one("SELECT suspended_at FROM bursar.subscriber")) == ("active", None)
    assert machine.one("SELECT grace_until FROM bursar.subscription") is None
    assert machine.all("SELECT status FROM bursar.dunning_case") == [("recovered",)]
    assert machine.one("SELECT recovered_minor FROM bursar.collection_run_total ORDER BY slot_at DESC LIMIT 1") == 2000


@pytest.mark.requirement("DUN-2", "SUB-3", "SUB-13")
def test_a_suspended_account_is_not_billed_and_goes_on_from_the_day_it_pays(billing: Billing) -> None:
    """Neither the subscription that was not paid nor another one; what lies between is never invoiced."""
    do(billing.machine.context, lambda unit: (product(unit, "max", name="Max"), price(unit, "max", 3_100)))
    billing.at(MARCH - timedelta(hours=1))
    billing.starts("ann", "sub-2", product="max")
    billing.webhooks()
    _fails(billing)
    _on_day(billing, 14)
    billing.passes(days=14)
    assert billing.renews() == 0
    periods = "SELECT subscription_ref, period_start::date::text FROM bursar.subscription_period ORDER BY period_start, 1"
    before = billing.machine.all(periods)
    assert len(before) == 3
    billing.passes(days=3)
    assert billing.renews() == 0
    billing.defines("ann", payment_method_ref=GOOD)
    billing.webhooks()
    assert billing.machine.one("SELECT suspended_at FROM bursar.subscriber") is None
    lifted = billing.machine.clock.now()
    assert billing.renews() == 2
    billing.webhooks()
    assert billing.renews() == 0
    found = billing.machine.all("""SELECT p.subscription_ref, p.period_start, p.period_end, i.total_minor, i.status FROM bursar.invoice i
                                   JOIN bursar.subscription_period p ON p.invoice_ref = i.external_id
                                   ORDER BY p.opened_at DESC, p.subscription_ref LIMIT 2""")  # fmt: skip
    for (name, start, end, minor, status), full, days in zip(found, (2_000, 3_100), (31, 30), strict=True):
        assert status == "paid"
        assert timedelta(0) <= lifted - start < timedelta(minutes=10), (name, "it begins when the suspension ends")
        share = full * ((end - start) / timedelta(days=days))
        assert abs(minor - share) <= full / 20, (name, "the rest of a period that keeps its day; an hour of DST aside")
    ends = dict(billing.machine.all("SELECT external_id, extract(day FROM current_period_end)::int FROM bursar.subscription"))
    assert ends == {"sub-1": 29, "sub-2": 1}


@pytest.mark.requirement("DUN-2", "SUB-5")
def test_what_ends_with_its_period_ends_while_the_account_is_suspended(billing: Billing) -> None:
    do(billing.machine.context, lambda unit: (product(unit, "max", name="Max"), price(unit, "max", 3_100)))
    billing.at(MARCH - timedelta(hours=1))
    billing.starts("ann", "sub-2", product="max")
    billing.webhooks()
    billing.asks("billing.subscriptions.cancel.v1", {"subscriber_ref": "ann", "reference": "sub-2", "when": "period_end"})
    _fails(billing)
    _on_day(billing, 14)
    billing.passes(days=20)
    assert billing.renews() == 1
    assert billing.status("sub-2") == "cancelled"


@pytest.mark.requirement("DUN-9")
def test_a_hard_decline_skips_the_tries_keeps_mails_and_deadline_and_a_new_card_is_tried_at_once(billing: Billing) -> None:
    _fails(billing, STOLEN)
    _on_day(billing, 1)
    _on_day(billing, 3)
    machine = billing.machine
    assert [row[1:] for row in _steps(billing)][1:3] == [("skipped", "hard_decline")] * 2
    assert [row[0] for row in machine.all(_MAILS)] == ["dunning_failed", "dunning_reminder", "dunning_reminder"]
    assert machine.one("SELECT grace_until IS NOT NULL FROM bursar.subscription")

    billing.defines("ann", payment_method_ref=POOR)
    billing.webhooks()
    assert machine.all("SELECT status, method_ref FROM bursar.dunning_attempt WHERE kind = 'new_method'") == [("failed", POOR)]
    billing.defines("ann", payment_method_ref=POOR)
    billing.defines("ann", payment_method_ref=GOOD)
    billing.webhooks()
    assert machine.all("SELECT status FROM bursar.dunning_attempt WHERE kind = 'new_method' ORDER BY number") == [("failed",), ("success",)]
    assert billing.status("sub-1") == "active"
    assert {row[1] for row in _steps(billing)[3:]} == {"cancelled"}
    assert billing.charged() == [2000, 2000]


@pytest.mark.requirement("DUN-9", "DUN-10")
def test_a_customers_own_click_moves_nothing_and_cancelling_stops_the_ladder(billing: Billing) -> None:
    _fails(billing)
    machine = billing.machine
    request = machine.one("SELECT request_ref FROM bursar.dunning_case")
    machine.run("billing.payments.retry.v1", {"source": "stripe", "reference": request, "attempt": 2})
    billing.webhooks()
    assert machine.one("SELECT status FROM bursar.payment_request WHERE external_id = %s", request) == "failed"
    assert [row[1] for row in _steps(billing)] == ["failed", *["pending"] * 5]
    _on_day(billing, 1)
    assert [row[1] for row in _steps(billing)][:2] == ["failed", "failed"]

    about = {"subscriber_ref": "ann", "reference": "sub-1"}
    billing.asks("billing.subscriptions.cancel.v1", about | {"when": "period_end"})
    _on_day(billing, 3)
    assert _steps(billing)[2] == (2, "skipped", "ending")
    billing.asks("billing.subscriptions.cancel.v1", about | {"when": "now"})
    assert machine.all("SELECT status, closed_because FROM bursar.dunning_case") == [("cancelled", "the subscription ended")]
    assert {row[1] for row in _steps(billing)[3:]} == {"cancelled"}


@pytest.mark.requirement("DUN-8")
def test_who_pays_by_himself_is_reminded_twice_and_no_card_is_tried(billing: Billing) -> None:
    billing.defines("ann", pay_source="manual", pay_customer_ref=None)
    billing.at(MARCH + timedelta(days=1))
    billing.renews()
    machine = billing.machine
    assert (billing.status("sub-1"), machine.one("SELECT policy_ref FROM bursar.dunning_case")) == ("pending_renewal", "manual")
    _on_day(billing, 3)
    _on_day(billing, 6)
    assert [row[1:] for row in _steps(billing)] == [("skipped", "policy")] * 2
    assert [row[0] for row in machine.all(_MAILS)] == ["dunning_reminder"] * 2
    billing.passes(days=2)
    assert billing.expires() == 1
    assert machine.all("SELECT status FROM bursar.dunning_case") == [("cancelled",)]
    assert billing.charged() == [2000]
