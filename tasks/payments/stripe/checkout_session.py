"""Stripe `checkout.session.*`: what a payer set out to buy, routed by its declared purpose (PAY-9)."""

from __future__ import annotations

from billing.operations.record_checkout import record_checkout
from billing.operations.unit import UnitOfWork
from billing.rules.facts.checkout import CheckoutFact
from billing.rules.facts.event import Event
from providers.stripe.shapes.payment import checkout


def facts(event: Event) -> CheckoutFact:
    """The checkout in the event."""
    return checkout(event)


def _mirrored(unit: UnitOfWork, fact: CheckoutFact) -> None:
    """The checkout as this event shows it; its purchase turns paid once."""
    record_checkout(unit, fact)


completed = async_payment_succeeded = async_payment_failed = expired = fetched = _mirrored
