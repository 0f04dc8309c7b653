"""Cards that fail, money that people want back, and those who dispute."""

from __future__ import annotations

from datetime import timedelta

from cli.simulate.people import BAD_CARDS, Customer, definition
from cli.simulate.stage import Stage
from providers.sandbox.stripe import disputes
from providers.sandbox.stripe.problems import Problem

_PAYMENT = """SELECT p.source, p.external_id, c.external_id FROM bursar.fulfilment f
              JOIN bursar.payment p ON p.source = f.source AND p.external_id = f.payment_ref AND p.status = 'succeeded'
              JOIN bursar.invoice i ON i.source = 'bursar' AND i.external_id = f.purpose_ref AND i.subscriber_ref = %s
              LEFT JOIN bursar.charge c ON c.source = p.source AND c.payment_ref = p.external_id AND c.status = 'succeeded'
              WHERE f.purpose = 'invoice' AND f.source = ANY (%s) ORDER BY f.granted_at DESC, p.external_id LIMIT 1"""


def card_fails(stage: Stage, one: Customer) -> bool:
    """From now on his charges are declined, until he gives another card."""
    if one.pays != "card" or not one.begun or one.card is None:
        return False
    one.card = one.chance.choice(BAD_CARDS)
    stage.say("subscribers.define", **definition(one))
    return True


def refund(stage: Stage, one: Customer) -> bool:
    """He wants his newest payment back, all of it or a part."""
    found = stage.play.all(_PAYMENT, one.ref, ["stripe", "paypal"])
    for source, payment, _ in found:
        amount = {} if one.chance.random() < 0.7 else {"amount_minor": 300}
        stage.say(
            "refunds.request", source=source, key=f"{one.ref}-r{one.next('refund')}", acting_for="platform", reason="customer_request",
            payment_ref=payment, **amount,
        )  # fmt: skip
    return bool(found)


def dispute(stage: Stage, one: Customer) -> bool:
    """His bank takes the newest charge back; it is won or lost a week later."""
    world, found = stage.play.api.world, stage.play.all(_PAYMENT, one.ref, ["stripe"])
    if not found or found[0][2] is None:
        return False
    try:
        made = disputes.begin(world, world.get("charge", found[0][2]), None, reason="fraudulent")
    except Problem:
        return False  # refunded, or disputed before
    how = one.chance.choice(("won", "lost", "lost"))
    stage.plan(stage.now + timedelta(days=6), lambda: disputes.end(world, made, None, how))
    return True
