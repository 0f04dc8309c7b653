"""Ends trials whose time has come: with a method they go on and are charged, without one they expire (TRIAL-1, TRIAL-2).

Only what is `trialing` is looked at: whoever was converted long ago and pays by bank transfer has no stored method either, and is
none of this run's (trap T3).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, cast

import structlog

from billing.operations.catalogue import Offer, offers_of
from billing.operations.collect_invoice import collect_invoices, default_methods
from billing.operations.end_subscription import end_subscription
from billing.operations.move_own import move_own
from billing.operations.open_period import full_minor, open_period
from billing.operations.product_tax import know_products
from billing.operations.start_subscription import start_subscription
from billing.operations.subscription_promo import held_minor
from billing.operations.tell_trial import tell_trial
from billing.operations.unit import UnitOfWork
from billing.operations.usable_method import usable_methods
from billing.rules.commands.base import Rejected
from billing.rules.commands.subscriptions import StartSubscription
from billing.rules.subscription_terms import cycle_of, span, whole_second
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscriber import Subscriber
from models.subscription import Subscription

log = structlog.get_logger(__name__)

_FREE = "SELECT external_id FROM bursar.product WHERE free AND kind = 'plan' AND status = 'offered' ORDER BY external_id LIMIT 1"
_GRACE = "SELECT external_id, coalesce(trial_grace_days, 0) AS days FROM bursar.product WHERE external_id = ANY (%(refs)s)"


def end_trials(unit: UnitOfWork, refs: Sequence[str]) -> None:
    """Those of the locked subscriptions whose trial is over."""
    rows = [row for row in (unit.row(Subscription, OWN_SOURCE, ref) for ref in refs) if _over(unit, row)]
    products = sorted({row.product_ref for row in rows if row.product_ref})
    offers, graces = offers_of(unit, products), {one["external_id"]: one["days"] for one in unit.committed(_GRACE, {"refs": products})}
    know_products(unit, products)
    subscribers = {row.external_id: unit.row(Subscriber, OWN_SOURCE, row.subscriber_ref or "") for row in rows}
    methods = usable_methods(unit, list(subscribers.values()))
    defaults = default_methods(unit, [one for one in subscribers.values() if one.external_id in methods])
    issued: list[Invoice] = []
    for row in rows:
        subscriber, plan = subscribers[row.external_id], _name(offers, row)
        method = methods.get(subscriber.external_id)
        if row.cancel_at_period_end:
            end_subscription(unit, row, "cancelled", at=row.trial_end_at or unit.now, because="trial_cancelled")
        elif method is not None and subscriber.suspended_at is not None:
            continue  # who is suspended is not billed: it waits, as renewals do (DUN-2)
        elif method is not None:
            if subscriber.payment_method_ref is None and method not in defaults.values():
                subscriber.payment_method_ref = method  # a default is charged anyhow, also when it is another one later
            issued += _convert(unit, row, plan)
            tell_trial(unit, row, "trial_ended", plan=plan, goes_on=True)
        elif (row.trial_end_at or unit.now) + timedelta(days=graces.get(row.product_ref or "", 0)) <= unit.now:
            # Until then he has access by the plan's grace, and a method that comes in it still converts him (TRIAL-3).
            _expire(unit, row)
            tell_trial(unit, row, "trial_ended", plan=plan, goes_on=False)
    collect_invoices(unit, issued)


def _over(unit: UnitOfWork, row: Subscription) -> bool:
    return row.status == "trialing" and row.trial_end_at is not None and row.trial_end_at <= unit.now


def _name(offers: dict[str, Offer], row: Subscription) -> str:
    offer = offers.get(row.product_ref or "")
    return offer.name if offer else row.product_ref or row.external_id


def _convert(unit: UnitOfWork, row: Subscription, plan: str) -> list[Invoice]:
    """It runs from the trial's end on; what comes of its first invoice is the money's, and dunning's (TRIAL-2).

    Where the account was suspended over that end, it runs from now on: the time before could not be used.
    """
    row.anchor_at, row.trial_notice_at, row.grace_until = row.trial_end_at, None, None
    if row.unbilled_until is not None:
        row.anchor_at, row.unbilled_until = whole_second(unit.now), None
    period = span(cycle_of(row.anchor_at, row.zone, row.cycle_unit, row.cycle_count), 0)
    move_own(unit, row, "active", because="trial_converted")
    discount = min(held_minor(unit, row), full_minor(row))
    invoice = open_period(unit, row, period, billing_reason="create", name=plan, discount_minor=discount)
    return [] if invoice is None else [invoice]


def _expire(unit: UnitOfWork, row: Subscription) -> None:
    row.trial_notice_at = None
    end_subscription(unit, row, "expired", at=row.trial_end_at or unit.now, because="trial_ended")
    free = unit.committed(_FREE, {})
    if not free:
        return
    command = StartSubscription(
        reference=f"{row.external_id}:free", subscriber_ref=row.subscriber_ref or "", product=free[0]["external_id"],
        currency=row.currency or "", cycle_unit=cast("Literal['day', 'week', 'month', 'year']", row.cycle_unit),
        cycle_count=row.cycle_count or 1, reason="the trial ended",
    )  # fmt: skip
    try:
        start_subscription(unit, command)
    except Rejected as refused:  # he has it already, or is suspended: the snapshot falls to the free plan all the same
        log.info("trial_without_free_plan", subscription=row.external_id, cause=refused.code)


def tell_of_trials(unit: UnitOfWork, refs: Sequence[str]) -> None:
    """Say that these trials end soon; what has ended meanwhile is told by its end."""
    rows = [row for row in (unit.row(Subscription, OWN_SOURCE, ref) for ref in refs) if row.trial_notice_at is not None]
    offers = offers_of(unit, {row.product_ref for row in rows if row.product_ref})
    subscribers = [unit.row(Subscriber, OWN_SOURCE, row.subscriber_ref or "") for row in rows]
    methods = usable_methods(unit, subscribers)
    for row in rows:
        if row.trial_notice_at is None or row.trial_notice_at > unit.now:
            continue
        row.trial_notice_at = None
        row.updated_at = max(row.updated_at, unit.now)
        if row.status == "trialing" and row.trial_end_at is not None and row.trial_end_at > unit.now and not row.cancel_at_period_end:
            tell_trial(unit, row, "trial_ending", plan=_name(offers, row), goes_on=(row.subscriber_ref or "") in methods)
