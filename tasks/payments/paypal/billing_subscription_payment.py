"""PayPal `BILLING.SUBSCRIPTION.PAYMENT.FAILED`: a due payment of a subscription did not come."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.record_fact import record_fact
from billing.operations.request_fetch import request_fetch
from billing.operations.unit import UnitOfWork
from billing.rules.facts.base import Fact
from billing.rules.facts.event import Event
from providers.paypal.paths import path
from providers.paypal.shapes.subscription import subscription


def facts(event: Event) -> Sequence[Fact]:
    """The subscription, past due by its count of failed payments."""
    return subscription(event)


def mirrored(unit: UnitOfWork, fact: Fact) -> None:
    """What this event shows, and a look at PayPal's own record of it: the body is weakly signed."""
    record_fact(unit, fact)
    request_fetch(unit, fact, "subscription", path("subscription", fact.external_id))


failed = mirrored
