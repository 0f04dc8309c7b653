"""What time does by itself: money becomes available, payouts leave and arrive, subscriptions are billed, checkouts and disputes run out."""

from __future__ import annotations

from providers.sandbox.stripe import billing, checkout, disputes, payment_intents, payouts, refunds
from providers.sandbox.stripe.charges import message
from providers.sandbox.stripe.ledger import settle
from providers.sandbox.stripe.methods import Behaviour
from providers.sandbox.stripe.problems import Json
from providers.sandbox.stripe.world import World

DAY_S = 86400


def advance(world: World, seconds: int) -> None:
    """Move the clock on, day by day, and do what each day brings."""
    left = seconds
    while left > 0:
        step = min(left, DAY_S)
        left -= step
        if world.frozen_at is not None:
            world.frozen_at += step
        else:
            world.offset_s += step
        tick(world)
        if step == DAY_S:
            daily(world)


def tick(world: World) -> None:
    """Everything that is due by now."""
    settle(world)
    now = world.now()
    for name, held in list(world.timers.items()):
        if held["due"] > now:
            continue
        # Whatever comes of it, it comes once: what fails here must not fail at every call from now on.
        if not name.startswith("pi_"):
            del world.timers[name]
        if name.startswith("pi_"):
            finish_payment(world, name, held["ends"])
        elif name.startswith("sub_"):
            billing.due(world, name)
        elif name.startswith("po_"):
            owner = world.owner_of("payout", name)
            payouts.arrive(world, world.get("payout", name, owner), owner)
        elif name.startswith(("re_", "pyr_")):
            _end_refund(world, name, held["ends"])
        elif name.startswith("dp_"):
            owner = world.owner_of("dispute", name)
            disputes.past_due(world, world.get("dispute", name, owner), owner)
        else:
            owner = world.owner_of("checkout.session", name)
            checkout.ended(world, world.get("checkout.session", name, owner), owner)


def daily(world: World) -> None:
    """Automatic payouts: the platform's and those of accounts on a daily schedule."""
    if world.config.payouts == "daily":
        payouts.automatic(world, None)
    for account in world.table("account").rows:
        if account["settings"]["payouts"]["schedule"]["interval"] == "daily" and account["payouts_enabled"]:
            payouts.automatic(world, account["id"])


def finish_payment(world: World, name: str, how: str) -> None:
    """A payment in process ends: `succeeded` or `failed`."""
    held = world.timers.pop(name)
    owner = world.owner_of("payment_intent", name)
    intent = world.get("payment_intent", name, owner)
    charge = world.get("charge", intent["latest_charge"], owner)
    if how == "succeeded":
        payment_intents.paid(world, intent, charge, owner)
    else:
        words = message(Behaviour(error="debit_not_authorized", decline="debit_not_authorized"))
        charge |= {"status": "failed", "paid": False, "failure_code": "debit_not_authorized", "failure_message": words}
        error: Json = {"charge": charge["id"], "code": "debit_not_authorized", "message": words, "type": "card_error"}
        payment_intents.failed(world, intent, charge, error, owner)
    if "session" in held:
        checkout.told_later(world, intent, owner, held["session"])


def authenticate(world: World, name: str, *, succeeds: bool) -> Json:
    """The payer answered the bank's question."""
    owner = world.owner_of("payment_intent", name)
    intent = world.get("payment_intent", name, owner)
    method = world.get("payment_method", intent["payment_method"], owner)
    if succeeds:
        return payment_intents.confirmed(world, intent, method, owner, authenticated=True)
    payment_intents.refuse_authentication(world, intent, method, owner)
    return intent


def _end_refund(world: World, name: str, how: str) -> None:
    owner = world.owner_of("refund", name)
    refund = world.get("refund", name, owner)
    (refunds.fail if how == "fails" else refunds.succeed)(world, refund, owner)
