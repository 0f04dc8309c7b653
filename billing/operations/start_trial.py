"""Begins a trial: once per subscriber, by the plan's own terms (TRIAL-6, TRIAL-7)."""

from __future__ import annotations

from datetime import timedelta

from billing.operations.move_own import move_own
from billing.operations.open_period import full_minor
from billing.operations.start_subscription import known_start, refuse_start, set_terms
from billing.operations.subscription_promo import hold_promo
from billing.operations.unit import UnitOfWork
from billing.operations.usable_method import usable_methods
from billing.rules.commands.base import Rejected
from billing.rules.commands.trials import StartTrial
from billing.rules.subscription_terms import whole_second
from models.base import OWN_SOURCE
from models.product import Product
from models.subscriber import Subscriber
from models.subscription import Subscription

NOTICE_DAYS = 3
"""TRIAL-4, where the plan says nothing."""
_TERMS = """SELECT trial_days, coalesce(trial_needs_method, false) AS needs_method, trial_notice_days FROM bursar.product
            WHERE source = 'bursar' AND external_id = %(product)s"""


def start_trial(unit: UnitOfWork, command: StartTrial) -> Subscription:
    """The subscription, `trialing`; the same reference again is the same one, unchanged.

    Raises:
        Rejected: see the command's REFUSALS; no row changed.
    """
    row = unit.row(Subscription, OWN_SOURCE, command.reference)
    if not row.incomplete:
        return known_start(row, command.as_start())
    subscriber = unit.row(Subscriber, OWN_SOURCE, command.subscriber_ref)
    offer = refuse_start(unit, subscriber, command.as_start())
    days, needs_method, notice_days = _terms(unit, command.product)
    if not days:
        raise Rejected("no_trial", f"{command.product} has no trial", {"field": "product"})
    if subscriber.trial_used_at is not None:
        said = subscriber.trial_used_at.isoformat()
        raise Rejected("trial_used", f"{command.subscriber_ref} began a trial at {said}", {"current": said, "limit": 1})
    if needs_method and not usable_methods(unit, [subscriber]):
        raise Rejected("method_needed", f"a trial of {command.product} needs a stored payment method", {"field": "subscriber_ref"})
    set_terms(unit, row, subscriber, offer, command.as_start())
    row.trial_start_at = whole_second(unit.now)
    row.trial_end_at = row.trial_start_at + timedelta(days=days)
    row.trial_notice_at = row.trial_end_at - timedelta(days=NOTICE_DAYS if notice_days is None else notice_days)
    if command.promo_ref:
        hold_promo(unit, row, full_minor(row), after=row.trial_end_at)
    subscriber.trial_used_at = unit.now
    move_own(unit, row, "trialing", product=row.product_ref, ends_at=row.trial_end_at.isoformat(), reason=command.reason)
    return row


def _terms(unit: UnitOfWork, product_ref: str) -> tuple[int, bool, int | None]:
    for one in unit.known:
        if isinstance(one, Product) and one.external_id == product_ref:  # defined in this very unit
            return one.trial_days or 0, bool(one.trial_needs_method), one.trial_notice_days
    found = unit.committed(_TERMS, {"product": product_ref})[0]
    return found["trial_days"] or 0, found["needs_method"], found["trial_notice_days"]
