"""Moves a subscription that a provider bills to another version of its price: told first, changed there in time, or let go (PRICE-9).

Stripe changes the item's price without proration, so that the next invoice is the first at the new price. It is asked for in the last
day of the period, and only when the notice went out `notice_days` before that period's end. PayPal's payers agree by themselves.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from billing.operations.attempt_payment import QUEUE
from billing.operations.move_request import move_request
from billing.operations.own_row import own_row
from billing.operations.tell_price_change import tell_price_change
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact
from billing.rules.price_in_force import PriceVersion
from billing.rules.states_prices import PRICE_MOVE
from billing.rules.states_subscriptions import SUBSCRIPTION_REQUEST
from models.base import OWN_SOURCE
from models.price_migration import PriceMove
from models.subscription import Subscription
from models.subscription_request import SubscriptionRequest

LONGEST_WAIT = timedelta(days=90)
"""For a payer's agreement; who has not agreed by then keeps his price, and may be asked by another migration."""
_ENDED = frozenset({"cancelled", "expired"})
_COUNT = "SELECT count(*) AS asked FROM bursar.subscription_request WHERE source = %(source)s AND move_ref = %(move)s"


def take_up(unit: UnitOfWork, move: PriceMove, row: Subscription, version: PriceVersion, product: str) -> bool:
    """A link for the version is known now: tell the subscriber of a locked move, if he is to pay more; whether it was taken up."""
    if move.status != "provider_change_needed" or row.status in _ENDED:
        return False
    move.because = None
    move_request(unit, move, PRICE_MOVE, "planned", migration=move.migration_ref, subscription=row.external_id)
    tell_planned(unit, move, row, version, product)
    return True


def tell_planned(unit: UnitOfWork, move: PriceMove, row: Subscription, version: PriceVersion, product: str) -> None:
    """Tell of a raise that the provider will be asked for."""
    if (move.to_minor or 0) > (move.from_minor or 0):
        tell_price_change(
            unit, row, version, product=product, from_minor=move.from_minor or 0, to_minor=move.to_minor or 0,
            changes_at=row.current_period_end or unit.now,
        )  # fmt: skip


def ask_for_price(unit: UnitOfWork, move: PriceMove, row: Subscription, provider_ref: str, named: frozenset[str]) -> bool:
    """Ask the provider to bill the next period at its own `provider_ref`; whether it was asked. `named`: the product's names there."""
    if move.status != "planned" or row.status in _ENDED or row.cancel_at_period_end:
        return False
    item = _item(row, named)
    if item is None:
        give_up(unit, move, "its item is not known here; change the price there")
        return False
    asked = int(unit.committed(_COUNT, {"source": row.source, "move": move.external_id})[0]["asked"])
    request, new = own_row(unit, SubscriptionRequest, row.source, f"{row.external_id}:price:{move.to_price_ref}:{asked + 1}")
    if not new:
        return False
    request.action, request.price_ref, request.move_ref = "price", move.to_price_ref, move.external_id
    request.subscription_ref, request.subscriber_ref = row.external_id, row.subscriber_ref
    request.actor, request.requested_at = unit.actor, unit.now
    about = {"subscription": row.external_id, "price": move.to_price_ref, "provider_ref": provider_ref}
    move_request(unit, request, SUBSCRIPTION_REQUEST, "pending", action="price", **about)
    values: dict[str, Any] = {
        "subscription_ref": row.external_id, "items": [{"id": item, "price": provider_ref}], "proration_behavior": "none",
    }  # fmt: skip
    unit.submit("subscription.update", request, values=values, queue=QUEUE, lane=f"{row.source}:{row.customer_ref}")
    return True


def price_answered(unit: UnitOfWork, request: SubscriptionRequest, fact: AnswerFact) -> None:
    """The provider bills it so from now on, or refused: then a person looks."""
    if request.move_ref is None:
        return
    move = unit.row(PriceMove, OWN_SOURCE, request.move_ref)
    if not fact.accepted:
        give_up(unit, move, f"{request.source} refused: {fact.error_code}")
    elif move.status == "planned":
        _done(unit, move)


def give_up(unit: UnitOfWork, move: PriceMove, because: str) -> None:
    """It is for a person again."""
    if move.status == "planned":
        move.because = because
        move_request(unit, move, PRICE_MOVE, "provider_change_needed", because=because)


def close_move(unit: UnitOfWork, move: PriceMove, row: Subscription, *, agreed: bool) -> bool:
    """End a locked move that nobody here does any more: it is billed so already, it ended, or nobody agreed; whether it ended."""
    if move.status not in ("awaiting_approval", "planned", "provider_change_needed"):
        return False
    if agreed:
        _done(unit, move)
        return True
    if row.status in _ENDED:
        because = "the subscription ended"
    elif move.status == "awaiting_approval" and _waited(unit.now, move):
        because = f"its payer has not agreed within {LONGEST_WAIT.days} days"
    else:
        return False
    move.because = because
    return move_request(unit, move, PRICE_MOVE, "kept", because=because)


def _waited(now: datetime, move: PriceMove) -> bool:
    return move.worked_at is not None and move.worked_at + LONGEST_WAIT <= now


def _done(unit: UnitOfWork, move: PriceMove) -> None:
    move.moved_at, move.because = unit.now, None
    move_request(unit, move, PRICE_MOVE, "moved", subscription=move.subscription_ref)


def _item(row: Subscription, named: frozenset[str]) -> str | None:
    """The item that is the plan: the one that the product names, or the only one."""
    items = [one for one in row.items or [] if one.get("id")]
    found = [one for one in items if {one.get("price_ref"), one.get("product_ref")} & named] or (items if len(items) == 1 else [])
    return str(found[0]["id"]) if found else None
