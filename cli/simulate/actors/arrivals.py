"""How customers begin: known at Stripe first if they are charged there; at once, by a trial, or at Stripe's own checkout."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cli.simulate import catalogue
from cli.simulate.actors import billed_by_stripe, seats
from cli.simulate.people import DEBIT, GOOD_CARDS, Customer, definition, order
from cli.simulate.stage import Stage

_LATE = timedelta(hours=1)
_GIVE_CARD = 0.5
"""Of those who try without a stored method."""
_TRIAL_DAYS = 14


def arrive(stage: Stage, one: Customer) -> None:
    """He signs up."""
    stage.did("arrivals")
    if one.pays in ("manual", "paypal"):
        begin(stage, one)
        return
    stage.play.submit(
        "billing.customers.create.v1", {"source": "stripe", "external_ref": one.ref, "email": f"{one.ref}@example.com"},
        f"{one.ref}-customer",
    )  # fmt: skip
    stage.then(lambda: _known(stage, one))


def _known(stage: Stage, one: Customer) -> None:
    one.stripe_ref = stage.play.outcome(f"{one.ref}-customer").get("object_ref")
    if one.stripe_ref is None:  # its reply was lost: the machine is finding out
        stage.plan(stage.now + _LATE, lambda: _known(stage, one))
    elif one.pays == "stripe":
        billed_by_stripe.subscribe(stage, one)
    else:
        begin(stage, one)


def begin(stage: Stage, one: Customer) -> None:
    """He subscribes, for the first time or again."""
    stage.say("subscribers.define", **definition(one))
    if one.bill_to is not None and not one.subscriptions:
        stage.say("subscribers.bill_to", **one.bill_to)
    one.subscriptions += 1
    if one.organisation and not one.members:
        seats.open_organisation(stage, one)
    payload = order(one)
    if one.trial and one.subscriptions == 1:
        stage.then(lambda: _try(stage, one, payload))
        return
    if one.promo and one.subscriptions == 1:
        _reserve(stage, one, payload)
        return
    stage.then(lambda: _start(stage, payload))


def _reserve(stage: Stage, one: Customer, payload: dict[str, Any]) -> None:
    amount, reference = catalogue.PRICES[one.product, *one.cycle], f"{one.ref}-promo"
    key = stage.say(
        "promo_codes.reserve", code=one.promo, reference=reference, subscriber_ref=one.ref, currency=catalogue.CURRENCY,
        unit_amounts_minor=[amount], quantities=[one.seats],
    )  # fmt: skip

    def order_with_it() -> None:
        if stage.play.told(key).get("state") == "succeeded":
            stage.did("codes")
            payload["promo_ref"] = reference
        _start(stage, payload)

    stage.then(order_with_it)


def _start(stage: Stage, payload: dict[str, Any]) -> None:
    stage.did("starts")
    stage.say("subscriptions.start", **payload)


def _try(stage: Stage, one: Customer, payload: dict[str, Any]) -> None:
    stage.did("trials")
    stage.say("trials.start", **payload)
    if one.card is None and one.chance.random() < _GIVE_CARD:
        stage.soon(one, _TRIAL_DAYS - 3, _TRIAL_DAYS + 1, lambda: _gives_card(stage, one))
    elif one.chance.random() < 0.15:
        stage.soon(one, 1, _TRIAL_DAYS - 1, lambda: _tires(stage, one))


def _gives_card(stage: Stage, one: Customer) -> None:
    stage.did("trial cards")
    one.card = DEBIT if one.pays == "debit" else one.chance.choice(GOOD_CARDS)
    stage.say("subscribers.define", **definition(one))


def _tires(stage: Stage, one: Customer) -> None:
    stage.did("trials cancelled")
    stage.say("subscriptions.cancel", **one.ours, when="period_end")
