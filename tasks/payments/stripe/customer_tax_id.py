"""Stripe `customer.tax_id.*`: a customer's tax numbers (INBOX-10)."""

from __future__ import annotations

from billing.operations.record_tax_id import record_tax_id
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.tax_id import TaxIdFact
from providers.stripe.shapes.customer import tax_id


def facts(event: Event) -> TaxIdFact:
    """The tax number in the event."""
    return tax_id(event)


def _mirrored(unit: UnitOfWork, fact: TaxIdFact) -> None:
    """The number as this event shows it."""
    record_tax_id(unit, fact)


created = updated = deleted = fetched = _mirrored
