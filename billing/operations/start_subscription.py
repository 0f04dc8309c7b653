"""Begins a subscription that we bill ourselves (SUB-1): its terms are locked, its first period billed, and it runs once that is paid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from billing.operations.ask_once import ask_once
from billing.operations.catalogue import Offer, offers_of, prices_of
from billing.operations.collect_invoice import collect_invoice, collectable
from billing.operations.live_seats import live_seats
from billing.operations.move_own import move_own
from billing.operations.open_period import affordable, full_minor, open_period
from billing.operations.own_row import own_row
from billing.operations.price_next_period import own_price
from billing.operations.subscription_promo import hold_promo
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import MOST_MINOR, Rejected
from billing.rules.commands.subscriptions import StartSubscription
from billing.rules.money import share_half_up
from billing.rules.price_in_force import PriceVersion, price_in_force
from billing.rules.subscription_terms import GRACE, Span, anchored_on, cycle_of, parts, span, whole_second
from models.base import OWN_SOURCE
from models.subscriber import Subscriber
from models.subscription import Subscription

_HAVE = """SELECT subscriber_ref, product_ref, external_id FROM bursar.subscription
           WHERE subscriber_ref = ANY (%(subscribers)s) AND source = 'bursar' AND status NOT IN ('cancelled', 'expired')"""
_IDENTITY = ("subscriber_ref", "product_ref", "currency", "cycle_unit", "cycle_count", "collection")


def start_subscription(unit: UnitOfWork, command: StartSubscription) -> Subscription:
    """The subscription, `pending` with its first invoice under way, or `active`. The same reference again is the same one, unchanged.

    Raises:
        Rejected: see the command's REFUSALS; nothing was called and no row changed.
    """
    row = unit.row(Subscription, OWN_SOURCE, command.reference)
    if not row.incomplete:
        return known_start(row, command)
    subscriber = unit.row(Subscriber, OWN_SOURCE, command.subscriber_ref)
    offer = refuse_start(unit, subscriber, command)
    set_terms(unit, row, subscriber, offer, command)
    period, amount = _first(row, command.anchor_day, unit)
    discount = hold_promo(unit, row, amount) if command.promo_ref else 0
    begin(unit, row, subscriber, period, name=offer.name, amount_minor=amount, discount_minor=discount, reason=command.reason)
    return row


def begin(
    unit: UnitOfWork, row: Subscription, subscriber: Subscriber, period: Span, *, name: str, amount_minor: int | None = None,
    discount_minor: int = 0, reason: str | None = None,
) -> None:  # fmt: skip
    """Bill the first period, and collect it. A row without a status becomes `pending`; one that costs nothing `active`."""
    waits = row.collection == "manual" or not collectable(subscriber)
    if row.status is None:
        about = {"product": row.product_ref, "price": row.price_ref, "quantity": row.quantity, "reason": reason}
        move_own(unit, row, "pending", **about)
    row.grace_until = unit.now + GRACE
    invoice = open_period(
        unit, row, period, billing_reason="create", name=name, amount_minor=amount_minor, discount_minor=discount_minor, waits=waits
    )
    if invoice is not None:
        collect_invoice(unit, invoice)
    elif row.status != "active":
        row.grace_until = None
        move_own(unit, row, "active", because="nothing_owed")


def known_start(row: Subscription, command: StartSubscription) -> Subscription:
    """The one that there is, if it was begun as this command says.

    Raises:
        Rejected: `reference_used`.
    """
    wanted = dict(zip(_IDENTITY, (
        command.subscriber_ref, command.product, command.currency, command.cycle_unit, command.cycle_count, command.collection
    ), strict=True))  # fmt: skip
    known = {name: getattr(row, name) for name in _IDENTITY}
    began = (row.metadata_ or {}).get("began_as")
    if wanted not in (known, began):
        raise Rejected("reference_used", f"{command.reference} is another subscription", {"current": known, "field": "reference"})
    return row


def refuse_start(unit: UnitOfWork, subscriber: Subscriber, command: StartSubscription) -> Offer:
    """The plan, if he may begin it.

    Raises:
        Rejected: `unknown_subscriber`, `subscriber_suspended`, `unknown_product`, `not_offered`, `already_subscribed`.
    """
    if subscriber.incomplete:
        raise Rejected("unknown_subscriber", f"no subscriber {command.subscriber_ref} is defined", {"field": "subscriber_ref"})
    if subscriber.suspended_at is not None:
        raise Rejected("subscriber_suspended", f"{command.subscriber_ref} is suspended", {"current": subscriber.suspended_because})
    offer = offered_plan(unit, command.product)
    theirs = running_plans(unit, [command.subscriber_ref])[command.subscriber_ref]
    held = {reference for product, reference in theirs if product == command.product}
    for one in unit.known:
        if isinstance(one, Subscription) and one.source == OWN_SOURCE and one.subscriber_ref == command.subscriber_ref:
            ended = one.status in ("cancelled", "expired")
            (held.discard if ended or one.product_ref != command.product else held.add)(one.external_id)
    if held:
        message = f"{command.subscriber_ref} has {command.product} already"
        raise Rejected("already_subscribed", message, {"current": min(held), "limit": 1})
    return offer


def running_plans(unit: UnitOfWork, subscriber_refs: Iterable[str]) -> dict[str, list[tuple[str | None, str]]]:
    """(product, subscription) of what these locked subscribers had of us before this unit; one query at most."""

    def ask(new: list[str]) -> Iterator[tuple[str, tuple[str | None, str]]]:
        for row in unit.committed(_HAVE, {"subscribers": new}):
            yield row["subscriber_ref"], (row["product_ref"], row["external_id"])

    return ask_once(unit, "running plans", subscriber_refs, ask)


def offered_plan(unit: UnitOfWork, product_ref: str) -> Offer:
    """The plan, if one can begin it.

    Raises:
        Rejected: `unknown_product`, `not_offered`.
    """
    offer = offers_of(unit, [product_ref]).get(product_ref)
    if offer is None or offer.kind != "plan":
        raise Rejected("unknown_product", f"no plan is called {product_ref}", {"field": "product"})
    if offer.status != "offered":
        raise Rejected("not_offered", f"{product_ref} is {offer.status}", {"current": offer.status, "field": "product"})
    return offer


def price_for(unit: UnitOfWork, offer: Offer, unit_name: str, count: int, currency: str, quantity: int) -> PriceVersion | None:
    """The price that is in force now for that cycle and currency; None: the plan is free.

    Raises:
        Rejected: `no_price`, `amount_out_of_bounds`.
    """
    if offer.free:
        return None
    versions = prices_of(unit, [offer.reference])
    found = price_in_force(
        versions, product_ref=offer.reference, cycle_unit=unit_name, cycle_count=count, currency=currency, at=unit.now
    )
    if found is None:
        raise Rejected("no_price", f"{offer.reference} has no price for {count} {unit_name} in {currency}", {"field": "product"})
    check_amount(found.unit_amount_minor, quantity)
    return found


def check_amount(unit_minor: int, quantity: int) -> None:
    """PAY-12.

    Raises:
        Rejected: `amount_out_of_bounds`.
    """
    if not affordable(unit_minor, quantity):
        current = unit_minor * quantity
        raise Rejected("amount_out_of_bounds", f"a period would cost {current}", {"current": current, "limit": MOST_MINOR})


def set_price(unit: UnitOfWork, row: Subscription, offer: Offer, subscriber_ref: str | None = None) -> None:
    """Lock the price that is in force now for the cycle, currency and seats that stand in the row, or his own one (PRICE-6);
    as `price_for`."""
    found = price_for(unit, offer, row.cycle_unit or "", row.cycle_count or 0, row.currency or "", row.quantity or 1)
    row.product_ref = offer.reference
    row.price_ref, row.unit_price_minor = (found.reference, found.unit_amount_minor) if found else (None, 0)
    if found is not None:
        own = own_price(unit, subscriber_ref or row.subscriber_ref or "", found)
        check_amount(own.unit_amount_minor, row.quantity or 1)
        row.price_ref, row.unit_price_minor = own.price_ref, own.unit_amount_minor


def set_terms(unit: UnitOfWork, row: Subscription, subscriber: Subscriber, offer: Offer, command: StartSubscription) -> None:
    """Make the row, with its price locked.

    Raises:
        Rejected: as `price_for`; the row does not exist then.
    """
    row.currency, row.cycle_unit, row.cycle_count, row.quantity = (
        command.currency, command.cycle_unit, command.cycle_count, live_seats(unit, subscriber.external_id) or command.quantity
    )  # fmt: skip
    set_price(unit, row, offer, subscriber.external_id)  # refuses before the row exists
    own_row(unit, Subscription, OWN_SOURCE, command.reference)
    row.subscriber_ref, row.collection, row.zone = subscriber.external_id, command.collection, subscriber.zone or "UTC"
    row.cancel_at_period_end, row.promo_ref = False, command.promo_ref
    row.started_at = unit.now
    row.metadata_ = {"began_as": {name: getattr(row, name) for name in _IDENTITY}}


def _first(row: Subscription, anchor_day: int | None, unit: UnitOfWork) -> tuple[Span, int]:
    """The first period and what it costs: from now to the next boundary, a share of the price where that is no whole cycle."""
    start = whole_second(unit.now)
    row.anchor_at = start if anchor_day is None else anchored_on(start, row.zone or "UTC", anchor_day)
    cycle = cycle_of(row.anchor_at, row.zone, row.cycle_unit, row.cycle_count)
    whole = span(cycle, cycle.number_at(start))
    period = Span(whole.number, start, whole.end)
    return period, share_half_up(full_minor(row), *parts(whole, start, whole.end))
