"""Seats end to end: members come and go, and whoever bills the organisation, us or Stripe, is set to one number per window."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from providers.sandbox.stripe.events import emit
from tests.factories.organisations import SCHOOL, Organisations
from tests.factories.subscribers import do, price, product
from tests.factories.subscriptions import Billing
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox

pytestmark = pytest.mark.breaks("periods_opened", because="its rows are made by hand, by verbs and not by payments")

FIRST, MIDDLE, LAST = (datetime(2027, month, day, tzinfo=UTC) for month, day in ((4, 1), (4, 16), (5, 1)))
_OURS = "SELECT quantity, seats_accrued_minor FROM bursar.subscription WHERE source = 'bursar' AND external_id = 'sub-1'"


@pytest.fixture
def billing(database: Database, stripe_sandbox: Sandbox) -> Iterator[Billing]:
    """A school that can be charged."""
    machine = Machine(database, **stripe_sandbox.settings())
    made = Billing(machine, stripe_sandbox.control)
    do(machine.context, lambda unit: (product(unit, "pro", name="Pro", provider_refs=["price_pro"]), price(unit)))
    made.customer = made.created(SCHOOL)
    yield made
    machine.close()


def _school(billing: Billing) -> Organisations:
    return Organisations(billing.machine, pay_customer_ref=billing.customer, payment_method_ref="pm_card_visa")


def _ours(billing: Billing) -> Organisations:
    """It has had one seat of Pro at 20.00 a month from us since the first of April, and it is the sixteenth."""
    school = _school(billing)
    school.says("ann")
    billing.at(FIRST)
    billing.starts(SCHOOL, "sub-1")
    billing.webhooks()
    billing.machine.all("UPDATE bursar.subscription SET anchor_at = %s, current_period_start = %s, current_period_end = %s RETURNING 1",
                        FIRST, FIRST, LAST)  # fmt: skip
    assert school.syncs() == 1, "one seat is what it began with: nothing changes"
    billing.at(MIDDLE)
    return school


def _about(minor: int, amount: int) -> bool:
    return abs(minor - amount) <= 2


@pytest.mark.requirement("SEAT-1", "SEAT-2", "SEAT-9")
def test_a_burst_is_one_new_quantity_and_goes_on_the_next_invoice(billing: Billing) -> None:
    school = _ours(billing)
    for user in ("bob", "cid", "dan"):
        school.says(user)
    school.leaves("dan")
    assert school.syncs() == 0, "the window is not over"
    school.passes(seconds=61)
    assert [school.syncs() for _ in range(2)] == [1, 0]
    quantity, accrued = billing.machine.all(_OURS)[0]
    assert quantity == 3
    assert _about(accrued, 2_000), "half a month of two more seats"
    assert billing.charged() == [2_000]
    billing.at(LAST + timedelta(hours=1))
    billing.renews()
    billing.webhooks()
    assert billing.charged() == [2_000, 6_000 + accrued]
    assert billing.machine.all(_OURS) == [(3, None)]
    assert billing.machine.one("SELECT count(*) FROM bursar.audit WHERE action = 'subscription.seats_accrued'") == 1


@pytest.mark.requirement("SEAT-2", "SEAT-9")
def test_policy_may_charge_at_once_and_a_plan_change_takes_the_live_count(billing: Billing) -> None:
    school = _ours(billing)
    school.asks("organisations.set_policy", proration="charge", window_s=0)
    school.says("bob")
    assert school.syncs() == 1
    billing.webhooks()
    assert [_about(*pair) for pair in zip(billing.charged(), (2_000, 1_000), strict=True)] == [True, True]
    do(billing.machine.context, lambda unit: (product(unit, "max"), price(unit, "max", 5_000)))
    school.says("cid")
    wish = {"reference": "sub-1", "subscriber_ref": SCHOOL, "when": "now", "product": "max"}
    told = billing.asks("billing.subscriptions.change.v1", wish)
    assert (told["quantity"], told["product"]) == (3, "max")
    charged = billing.charged()[2:]
    billing.webhooks()
    assert school.syncs() == 1
    assert billing.charged()[2:] == charged, "three were set already: nothing is charged twice"


@pytest.mark.requirement("SEAT-6")
def test_an_own_plan_ends_for_a_seat_and_goes_on_when_it_is_given_up(billing: Billing) -> None:
    school = _ours(billing)
    billing.customer = billing.created("bob")
    billing.defines("bob", payment_method_ref="pm_card_visa")
    billing.starts("bob", "bobs")
    billing.webhooks()
    ends = "SELECT cancel_at_period_end, status FROM bursar.subscription WHERE external_id = 'bobs'"
    assert school.says("bob", role="student")["ending"] == []
    assert school.says("bob", "role_changed")["ending"] == ["bursar bobs"]
    assert billing.machine.all(ends) == [(True, "active")]
    assert [one["role"] for one in school.entitled("bob")] == ["organizer"]
    school.leaves("bob")
    assert billing.machine.all(ends) == [(False, "active")]
    actions = "SELECT action FROM bursar.audit WHERE action LIKE 'membership.own_plan%%' ORDER BY id"
    assert [row[0] for row in billing.machine.all(actions)] == ["membership.own_plan_conflict", "membership.own_plan_restored"]


@pytest.mark.requirement("SEAT-7", "SEAT-8")
def test_a_deletion_ends_all_bills_the_last_seats_and_holds_payouts(billing: Billing) -> None:
    school = _ours(billing)
    school.says("bob")
    school.passes(seconds=61)
    school.syncs()
    billing.machine.all(
        """INSERT INTO bursar.refund_request (id, source, external_id, versions, created_at, updated_at, status, payee_ref)
           VALUES (gen_random_uuid(), 'stripe', 'REF-1', '{"own": {}}', %s, %s, 'processing', 'acct_1') RETURNING 1""", MIDDLE, MIDDLE
    )  # fmt: skip
    asked = {"reason": "closed", "assets": "transfer", "assets_to": "org-2", "accounts": ["stripe acct_1"]}
    told = school.asks("organisations.delete", **asked)
    assert told["state"] == "succeeded", told
    assert (told["ended"], told["final_invoices"]) == (["bursar sub-1"], ["sub-1:final-seats"])
    assert (told["members_left"], told["held_accounts"], told["assets_to"]) == (2, ["stripe acct_1"], "org-2")
    billing.webhooks()
    assert _about(billing.charged()[1], 1_000)
    assert billing.machine.one("SELECT status FROM bursar.invoice WHERE external_id = 'sub-1:final-seats'") == "paid"
    assert (school.entitled("ann"), billing.status("sub-1")) == ([], "cancelled")
    assert school.says("eve")["code"] == "organisation_deleted"
    held = "SELECT status FROM bursar.payout_hold"
    for status, after in (("processing", "open"), ("completed", "released")):
        billing.machine.all("UPDATE bursar.refund_request SET status = %s RETURNING 1", status)
        school.passes(hours=1.1)
        assert school.syncs() == 1
        assert billing.machine.one(held) == after
    assert school.asks("organisations.delete", **asked)["members_left"] == 0


@pytest.fixture
def theirs(billing: Billing, stripe_sandbox: Sandbox) -> Any:
    """A subscription of Stripe's, which the school has had before it had members."""
    world = stripe_sandbox.standin.api.world
    with world.lock:
        item = world.base("subscription_item", "si") | {"quantity": 1, "price": {"id": "price_pro"}, "current_period_start": world.now(),
                                                        "current_period_end": world.now() + 30 * 86_400}  # fmt: skip
        sub = world.base("subscription", "sub") | {
            "customer": billing.customer, "status": "active", "cancel_at_period_end": False, "cancel_at": None, "canceled_at": None,
            "ended_at": None, "currency": "eur", "collection_method": "charge_automatically", "metadata": {},
            "items": {"object": "list", "data": [item], "has_more": False, "url": "/v1/subscription_items"},
        }  # fmt: skip
        world.add(sub, None)
        emit(world, "customer.subscription.created", sub)
    billing.webhooks()
    return sub


def _posts(billing: Billing) -> list[Any]:
    return [call for call in billing.stripe.calls() if call["method"] == "POST" and "/v1/subscriptions" in call["path"]]


@pytest.mark.requirement("SEAT-1", "SEAT-3", "SEAT-9", "RECON-5")
def test_stripe_is_told_one_absolute_number_and_never_its_own_echo(
    billing: Billing, theirs: Any, stripe_sandbox: Sandbox
) -> None:
    school = _school(billing)
    for user in ("ann", "bob", "cid"):
        school.says(user)
    school.passes(seconds=61)
    machine = billing.machine
    machine.all("UPDATE bursar.subscription SET items = NULL RETURNING 1")
    assert school.syncs() == 1, "the item's id is not known: it is looked up, nothing is guessed"
    assert _posts(billing) == []
    machine.settle()
    school.passes(seconds=61)
    assert school.syncs() == 1
    billing.webhooks(twice=True)
    school.passes(seconds=61)
    assert (school.syncs(), len(_posts(billing))) == (0, 1)
    assert machine.one("SELECT quantity FROM bursar.subscription") == 3
    assert theirs["items"]["data"][0]["quantity"] == 3

    machine.all("UPDATE bursar.organisation SET seats_taken = 2 RETURNING 1")
    world = stripe_sandbox.standin.api.world
    _moved_along(world, school)
    _changed_by_hand(world, theirs, 9)
    billing.webhooks()
    assert machine.all("SELECT told_quantity, differs_since IS NOT NULL FROM bursar.organisation") == [(9, True)]
    assert len(_posts(billing)) == 1, "reported, not echoed"
    _moved_along(world, school)
    assert school.repairs() == 1
    billing.webhooks()
    assert machine.all("SELECT seats_taken, asked_quantity, told_quantity FROM bursar.organisation") == [(3, 3, None)]
    assert (machine.one("SELECT quantity FROM bursar.subscription"), len(_posts(billing))) == (3, 2)


def _moved_along(world: Any, school: Organisations) -> None:
    """A minute later, on Stripe's clock as on ours."""
    school.passes(minutes=1)
    with world.lock:
        world.frozen_at = int(school.machine.clock.now().timestamp())


def _changed_by_hand(world: Any, sub: Any, quantity: int) -> None:
    """Somebody sets a quantity in Stripe's dashboard."""
    with world.lock:
        sub["items"]["data"][0] = sub["items"]["data"][0] | {"quantity": quantity}
        emit(world, "customer.subscription.updated", sub)


@pytest.mark.requirement("SEAT-6", "SUB-6")
def test_a_seat_given_up_before_stripe_has_answered_keeps_the_own_plan(billing: Billing, theirs: Any) -> None:
    """The end that was asked for is not known here yet when it is taken back; Stripe is to hear both, in their order."""
    school = _school(billing)
    machine = billing.machine
    machine.all("UPDATE bursar.subscription SET subscriber_ref = 'bob' RETURNING 1")
    school.says("bob", role="student")
    for _ in range(2):
        billing.stripe.fault("lost_reply", "/v1/subscriptions")
    school.says("bob", "role_changed")
    assert machine.all("SELECT cancel_at_period_end FROM bursar.subscription") == [(False,)], "nobody has answered"
    school.leaves("bob")
    school.says("bob")
    school.leaves("bob")
    machine.settle()
    billing.webhooks(twice=True)
    assert theirs["cancel_at_period_end"] is False
    asked = machine.all("SELECT action, status FROM bursar.subscription_request ORDER BY external_id")
    assert asked == [("cancel_at_period_end", "done"), ("keep", "done")] * 2
    assert machine.all("SELECT cancel_at_period_end FROM bursar.subscription") == [(False,)]


@pytest.mark.requirement("SEAT-1", "SEAT-3")
def test_a_quantity_that_stripe_refuses_is_reported_and_asked_for_again_in_the_night(billing: Billing, theirs: Any) -> None:
    school = _school(billing)
    for user in ("ann", "bob", "cid"):
        school.says(user)
    machine = billing.machine
    billing.stripe.fault("error_before", "/v1/subscriptions", status=400, code="resource_missing")
    school.passes(seconds=61)
    assert school.syncs() == 1
    billing.webhooks()
    request = machine.all("SELECT status, quantity, failure_code IS NOT NULL FROM bursar.subscription_request")
    assert request == [("failed", 3, True)]
    assert machine.all("SELECT told_quantity, differs_since IS NOT NULL FROM bursar.organisation") == [(1, True)]
    assert (school.syncs(), len(_posts(billing))) == (0, 1), "a refusal is not repeated at once"
    assert school.repairs() == 1
    billing.webhooks()
    assert (theirs["items"]["data"][0]["quantity"], machine.one("SELECT quantity FROM bursar.subscription")) == (3, 3)
    assert machine.all("SELECT told_quantity, differs_since FROM bursar.organisation") == [(None, None)]


@pytest.mark.requirement("SEAT-4")
def test_seats_that_were_bought_bound_members_and_are_never_fewer_than_are_taken(billing: Billing) -> None:
    school = _ours(billing)
    assert school.asks("organisations.set_policy", quantity_mode="bought")["state"] == "succeeded"
    assert (school.says("bob")["code"], school.counts()) == ("seat_limit_reached", (1, 1, 0))

    def buys(quantity: int, when: str = "now") -> dict[str, Any]:
        wish = {"reference": "sub-1", "subscriber_ref": SCHOOL, "when": when, "quantity": quantity}
        told = billing.asks("billing.subscriptions.change.v1", wish)
        billing.webhooks()
        return told

    assert buys(3)["quantity"] == 3
    for user in ("bob", "cid"):
        assert school.says(user)["seats_taken"]
    assert school.says("dan")["details"] == {"current": 3, "limit": 3}
    for when in ("now", "period_end"):
        told = buys(2, when)
        assert (told["state"], told["code"], told["details"]) == ("rejected", "seats_taken", {"current": 3, "limit": 2}), told
    school.leaves("cid")
    assert buys(2, "period_end")["state"] == "succeeded"
    assert school.says("eve")["details"] == {"current": 2, "limit": 2}, "the third seat is given up already"
    school.passes(seconds=61)
    assert school.syncs() == 0, "it does not follow the members"


@pytest.mark.requirement("SEAT-9")
def test_seats_that_change_after_the_subscription_has_ended_are_asked_of_nobody(billing: Billing) -> None:
    school = _ours(billing)
    for user in ("bob", "cid"):
        school.says(user)
    school.passes(minutes=2)
    assert school.syncs() == 1
    ended = {"reference": "sub-1", "subscriber_ref": SCHOOL, "when": "now"}
    assert billing.machine.run("billing.subscriptions.cancel.v1", ended)["state"] == "succeeded"
    assert billing.machine.one("SELECT asked_quantity FROM bursar.organisation") == 3
    school.leaves("bob")
    school.passes(minutes=2)
    school.syncs()
    assert school.counts() == (2, 2, 0)
    assert billing.machine.one("SELECT asked_quantity FROM bursar.organisation") is None
