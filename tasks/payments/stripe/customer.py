"""Stripe `customer.*`: who pays."""

from __future__ import annotations

from billing.operations.record_customer import record_customer
from billing.operations.unit import UnitOfWork
from billing.rules.facts.customer import CustomerFact
from billing.rules.facts.event import Event
from providers.stripe.shapes.customer import customer


def facts(event: Event) -> CustomerFact:
    """The customer in the event."""
    return customer(event)


def _mirrored(unit: UnitOfWork, fact: CustomerFact) -> None:
    """The customer as this event shows it."""
    record_customer(unit, fact)


created = updated = deleted = fetched = _mirrored
