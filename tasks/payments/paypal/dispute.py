"""`DISPUTE.FETCHED`: what PayPal itself shows of a dispute, the money that it moved included."""

from __future__ import annotations

from billing.operations.record_dispute import record_dispute
from billing.operations.unit import UnitOfWork
from billing.rules.facts.dispute import DisputeFact
from billing.rules.facts.event import Event
from providers.paypal.shapes.dispute import dispute


def facts(event: Event) -> DisputeFact:
    """The dispute in the answer."""
    return dispute(event)


def fetched(unit: UnitOfWork, fact: DisputeFact) -> None:
    """The dispute as PayPal shows it."""
    record_dispute(unit, fact)
