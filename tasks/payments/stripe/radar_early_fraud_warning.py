"""Stripe `radar.early_fraud_warning.*`: a card network suspects fraud; a dispute may follow."""

from __future__ import annotations

from billing.operations.record_fraud_warning import record_fraud_warning
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.fraud_warning import FraudWarningFact
from providers.stripe.shapes.fraud_warning import fraud_warning


def facts(event: Event) -> FraudWarningFact:
    """The warning in the event."""
    return fraud_warning(event)


def mirrored(unit: UnitOfWork, fact: FraudWarningFact) -> None:
    """The warning as this event shows it."""
    record_fraud_warning(unit, fact)


created = updated = mirrored
