"""Stripe `customer.subscription.*`: what a customer is subscribed to (SUB-8)."""

from __future__ import annotations

from billing.operations.record_subscription import record_subscription
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.subscription import SubscriptionFact
from providers.stripe.shapes.subscription import subscription


def facts(event: Event) -> SubscriptionFact:
    """The subscription in the event."""
    return subscription(event)


def _mirrored(unit: UnitOfWork, fact: SubscriptionFact) -> None:
    """The subscription as this event shows it."""
    record_subscription(unit, fact)


created = updated = deleted = paused = resumed = fetched = _mirrored
trial_will_end = pending_update_applied = pending_update_expired = _mirrored
