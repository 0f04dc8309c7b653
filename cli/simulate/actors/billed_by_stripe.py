"""Customers whom Stripe bills: its stand-in renews, collects and ends their subscriptions; what it tells is mirrored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.simulate import catalogue
from cli.simulate.people import BAD_CARDS, GOOD_CARDS, Customer, definition
from providers.sandbox.stripe import billing

if TYPE_CHECKING:
    from cli.simulate.stage import Stage


def subscribe(stage: Stage, one: Customer) -> None:
    """In Stripe's own pages, so that we hear of it by webhooks only."""
    stage.say("subscribers.define", **definition(one))
    stage.did("Stripe starts")
    world = stage.play.api.world
    price = world.get("price", catalogue.stripe_price(stage.play, one.product))
    made = billing.begin(world, one.stripe_ref or "", price, one.seats, one.chance.choice(GOOD_CARDS))
    one.provider_subscription = made["id"]


def cancel(stage: Stage, one: Customer) -> bool:
    """In Stripe's portal, with the period; nothing is asked of us."""
    if one.provider_subscription is None:
        return False
    return billing.cancel_at_period_end(stage.play.api.world, one.provider_subscription)


def card_fails(stage: Stage, one: Customer) -> bool:
    """Stripe's charges are declined; some give another card before Stripe gives up."""
    if one.provider_subscription is None:
        return False
    name, world = one.provider_subscription, stage.play.api.world
    billing.takes(world, name, one.chance.choice(BAD_CARDS))
    if one.chance.random() < 0.6:
        stage.soon(one, 5, 38, lambda: billing.takes(world, name, GOOD_CARDS[0]))
    return True
