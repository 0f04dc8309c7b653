"""`SUBSCRIPTION.FETCHED`: what PayPal itself shows of a subscription."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.record_fact import record_fact
from billing.operations.unit import UnitOfWork
from billing.rules.facts.base import Fact
from billing.rules.facts.event import Event
from providers.paypal.shapes.subscription import subscription


def facts(event: Event) -> Sequence[Fact]:
    """The subscription, and the subscriber."""
    return subscription(event)


def fetched(unit: UnitOfWork, fact: Fact) -> None:
    """It, as PayPal shows it."""
    record_fact(unit, fact)
