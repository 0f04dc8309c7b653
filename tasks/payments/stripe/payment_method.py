"""Stripe `payment_method.*`: a customer's ways to pay (PAY-7)."""

from __future__ import annotations

from billing.operations.record_payment_method import record_payment_method
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.payment_method import PaymentMethodFact
from providers.stripe.shapes.customer import payment_method


def facts(event: Event) -> PaymentMethodFact:
    """The method in the event."""
    return payment_method(event)


def _mirrored(unit: UnitOfWork, fact: PaymentMethodFact) -> None:
    """The method as this event shows it."""
    record_payment_method(unit, fact)


attached = updated = automatically_updated = detached = fetched = _mirrored
