"""Subscriptions that providers bill move to another price there: told first, asked for in time, once, and closed in the end (PRICE-9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from billing.operations.own_row import own_row
from models.price_migration import PriceMove
from models.product import Product
from models.subscription import Subscription
from providers.sandbox.stripe.events import emit
from tests.factories.subscribers import do, subscriber
from tests.harness.cluster import Database
from tests.harness.machine import Machine
from tests.harness.sandbox import Sandbox
from tests.tasks.payments.prices.shop import V1, V2, Shop
from workers.unit import Unit

_MOVE = "SELECT status, because FROM bursar.price_move WHERE migration_ref = 'm'"


class Theirs:
    """Sam's subscription at Stripe: 20.00 a month, three seats, of a product whose second version costs 25.00."""

    def __init__(self, shop: Shop, sandbox: Sandbox) -> None:
        self.shop, self.machine, self.control = shop, shop.machine, sandbox.control
        world = self.world = sandbox.standin.api.world
        self._on_our_clock()
        with world.lock:
            prices = [world.base("price", "price") | {"unit_amount": minor, "currency": "eur", "product": "prod_pro", "active": True,
                                                      "recurring": {"interval": "month", "interval_count": 1}} for minor in (2_000, 2_500)]
            for one in prices:
                world.add(one, None)
            self.old, self.new = prices
            customer = world.base("customer", "cus") | {"email": "sam@example.com", "metadata": {}}
            world.add(customer, None)
            item = world.base("subscription_item", "si") | {
                "quantity": 3, "price": self.old, "current_period_start": world.now(), "current_period_end": world.now() + 30 * 86_400
            }  # fmt: skip
            self.sub = world.base("subscription", "sub") | {
                "customer": customer["id"], "status": "active", "cancel_at_period_end": False, "cancel_at": None, "canceled_at": None,
                "ended_at": None, "currency": "eur", "collection_method": "charge_automatically", "metadata": {},
                "items": {"object": "list", "data": [item], "has_more": False, "url": "/v1/subscription_items"},
            }  # fmt: skip
            world.add(self.sub, None)
            emit(world, "customer.subscription.created", self.sub)
        shop.publishes(2_500, days=None)
        do(self.machine.context, self._define)
        self.hears()
        self.machine.all("UPDATE bursar.subscription SET subscriber_ref = 'sam', product_ref = 'pro' WHERE source = 'stripe' RETURNING 1")

    def _define(self, unit: Unit) -> None:
        subscriber(unit, "sam", pay_customer_ref=self.sub["customer"])
        unit.row(Product, "bursar", "pro").provider_refs = [self.old["id"]]

    def _on_our_clock(self) -> None:
        with self.world.lock:
            self.world.frozen_at = int(self.machine.clock.now().timestamp())

    def hears(self) -> None:
        """Stripe's events arrive."""
        for event in self.control.take_events():
            self.machine.deliver(event)
        while self.machine.work():
            pass

    def on_day(self, day: float) -> dict[str, Any]:
        """The run, so many days after the start."""
        self.shop.at(day)
        self._on_our_clock()
        told = dict(self.shop.migrates())
        while self.machine.work():
            pass
        self.hears()
        return told

    def moves(self) -> None:
        """The migration, looked at first."""
        for reference, mode in (("s", "shadow"), ("m", "apply")):
            told = self.shop.asks("migrate", reference=reference, from_price=V1, to_price=V2, mode=mode)
            assert told["state"] == "succeeded", told
            self.shop.migrates()

    def links(self, **changes: Any) -> dict[str, Any]:
        """Stripe's price is V2."""
        return self.shop.asks("link", **({"price": V2, "source": "stripe", "provider_ref": self.new["id"]} | changes))

    def sent(self) -> None:
        """The mail server takes all that waits for one."""
        self.machine.all("UPDATE bursar.outbox SET state = 'done', done_at = %s WHERE kind = 'mail.send' RETURNING 1",
                         self.machine.clock.now())  # fmt: skip

    def asked(self) -> list[Any]:
        """What Stripe was asked to change."""
        return [call for call in self.control.calls() if call["method"] == "POST" and "/v1/subscriptions" in call["path"]]

    def billed_at(self) -> str:
        """The item's price at Stripe."""
        return str(self.sub["items"]["data"][0]["price"]["id"])


@pytest.fixture
def theirs(database: Database, stripe_sandbox: Sandbox) -> Iterator[Theirs]:
    """Sam, whom Stripe bills."""
    machine = Machine(database, **stripe_sandbox.settings())
    yield Theirs(Shop(machine), stripe_sandbox)
    machine.close()


@pytest.mark.requirement("PRICE-9", "PRICE-3")
def test_stripe_is_asked_in_the_last_day_of_a_period_whose_end_the_notice_is_in_time_for(theirs: Theirs) -> None:
    theirs.moves()
    machine = theirs.machine
    assert machine.all(_MOVE) == [("provider_change_needed", "no price of Stripe's is linked to it")]
    assert theirs.shop.mails() == []
    assert theirs.links(price=V1, provider_ref=theirs.old["id"])["state"] == "succeeded"
    assert theirs.links(provider_ref=theirs.old["id"])["code"] == "linked_already"
    assert theirs.links(price="pro:1month:EUR:v9")["code"] == "unknown_price"
    assert theirs.links()["provider_ref"] == theirs.new["id"]
    assert theirs.new["id"] in machine.one("SELECT provider_refs FROM bursar.product WHERE external_id = 'pro'")

    theirs.on_day(5)
    assert machine.all(_MOVE) == [("planned", None)]
    assert theirs.shop.mails() == [("price_changes", "sam@example.com")]
    theirs.on_day(29.5)
    assert theirs.asked() == [], "his mail did not go out"
    theirs.sent()
    theirs.on_day(29.6)
    assert theirs.asked() == [], "told too late for this period's end"
    with theirs.world.lock:
        item = theirs.sub["items"]["data"][0]
        item |= {"current_period_start": item["current_period_end"], "current_period_end": item["current_period_end"] + 31 * 86_400}
        emit(theirs.world, "customer.subscription.updated", theirs.sub)
    theirs.on_day(45)
    assert theirs.asked() == []
    theirs.on_day(60.5)
    theirs.on_day(60.6)
    assert (len(theirs.asked()), theirs.billed_at()) == (1, theirs.new["id"])
    assert machine.all(_MOVE) == [("moved", None)]
    assert machine.all("SELECT action, price_ref, status FROM bursar.subscription_request") == [("price", V2, "done")]
    assert theirs.sub["items"]["data"][0]["quantity"] == 3
    assert machine.one("SELECT product_ref FROM bursar.subscription WHERE source = 'stripe'") == "pro"


@pytest.mark.requirement("PRICE-9")
def test_a_refusal_is_for_a_person_and_closes_when_he_has_changed_it_there(theirs: Theirs) -> None:
    theirs.links()
    theirs.moves()
    theirs.sent()
    theirs.control.fault("error_before", "/v1/subscriptions", status=400)
    theirs.on_day(29.5)
    theirs.on_day(29.6)
    assert theirs.machine.all(_MOVE) == [("provider_change_needed", "stripe refused: api_error")]
    theirs.control.api("POST", f"/v1/subscriptions/{theirs.sub['id']}", {
        "items": [{"id": theirs.sub["items"]["data"][0]["id"], "price": theirs.new["id"]}]
    })  # fmt: skip
    theirs.hears()
    theirs.on_day(29.7)
    assert theirs.machine.all(_MOVE) == [("moved", None)]


@pytest.mark.requirement("PRICE-9")
def test_what_a_payer_has_to_agree_to_ends_with_his_agreement_his_subscription_or_ninety_days(theirs: Theirs) -> None:
    def make(unit: Unit) -> None:
        for name, plan in (("I-YES", "P-V2"), ("I-GONE", "P-V1"), ("I-NO", "P-V1")):
            subscriber(unit, name)
            row, _ = own_row(unit, Subscription, "paypal", name)
            row.status, row.subscriber_ref, row.plan_ref = "cancelled" if name == "I-GONE" else "active", name, plan
            move, _ = own_row(unit, PriceMove, "bursar", f"m:paypal:{name}")
            move.status, move.migration_ref, move.subscriber_ref, move.to_price_ref = "awaiting_approval", "m", name, V2
            move.subscription_source, move.subscription_ref, move.worked_at = "paypal", name, unit.now
            move.from_minor, move.to_minor = 2_000, 2_500

    assert theirs.links(source="paypal", provider_ref="P-V2")["state"] == "succeeded"
    do(theirs.machine.context, make)
    theirs.on_day(1)
    theirs.on_day(89)
    found = "SELECT subscription_ref, status, because FROM bursar.price_move WHERE migration_ref = 'm' ORDER BY 1"
    gone, yes = ("I-GONE", "kept", "the subscription ended"), ("I-YES", "moved", None)
    assert theirs.machine.all(found) == [gone, ("I-NO", "awaiting_approval", None), yes]
    theirs.on_day(91)
    assert theirs.machine.all(found) == [gone, ("I-NO", "kept", "its payer has not agreed within 90 days"), yes]


@pytest.mark.requirement("PRICE-9", "AUDIT-2")
def test_somebody_decides_what_was_refused_is_asked_for_again_or_kept(theirs: Theirs) -> None:
    machine, ref = theirs.machine, theirs.sub["id"]
    theirs.links()
    theirs.moves()
    theirs.sent()

    def decides(decision: str, **changes: Any) -> dict[str, Any]:
        about = {"migration": "m", "source": "stripe", "subscription": ref, "subscriber_ref": "sam", "decision": decision}
        return theirs.shop.asks("decide_move", **(about | changes))

    assert decides("keep", subscriber_ref="bob")["code"] == "unknown_move"
    assert decides("keep", migration="s")["code"] == "decided_already"
    assert decides("again")["code"] == "not_refused"
    theirs.control.fault("error_before", "/v1/subscriptions", status=400)
    theirs.on_day(29.5)
    assert machine.all(_MOVE) == [("provider_change_needed", "stripe refused: api_error")]
    assert decides("again")["status"] == "planned"
    assert len(theirs.shop.mails()) == 1, "he was told once"
    theirs.control.fault("error_before", "/v1/subscriptions", status=400)
    theirs.on_day(29.6)
    assert decides("keep")["because"] == "somebody decided: test"
    assert decides("keep")["status"] == "kept"
    assert decides("again")["code"] == "decided_already"
    theirs.on_day(29.7)
    assert (len(theirs.asked()), theirs.billed_at()) == (2, theirs.old["id"])
    told = machine.all("SELECT reason FROM bursar.audit WHERE action = 'price_move.kept' OR after ->> 'status' = 'kept'")
    assert len(told) == 1
