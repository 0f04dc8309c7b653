"""Stripe `application_fee.*`: our share of a connected account's charge; `refunded` carries the sum given back."""

from __future__ import annotations

from billing.operations.record_application_fee import record_application_fee
from billing.operations.unit import UnitOfWork
from billing.rules.facts.application_fee import ApplicationFeeFact
from billing.rules.facts.event import Event
from providers.stripe.shapes.application_fee import application_fee


def facts(event: Event) -> ApplicationFeeFact:
    """The fee in the event."""
    return application_fee(event)


def mirrored(unit: UnitOfWork, fact: ApplicationFeeFact) -> None:
    """The fee as this event shows it."""
    record_application_fee(unit, fact)


created = refunded = fetched = mirrored
