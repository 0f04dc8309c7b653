"""Stripe `charge.dispute.*`: the state of a dispute, and apart from it the money that it moved (DISPUTE-4)."""

from __future__ import annotations

from billing.operations.record_dispute import record_dispute
from billing.operations.unit import UnitOfWork
from billing.rules.facts.dispute import DisputeFact
from billing.rules.facts.event import Event
from providers.stripe.shapes.dispute import dispute


def facts(event: Event) -> DisputeFact:
    """The dispute in the event."""
    return dispute(event)


def mirrored(unit: UnitOfWork, fact: DisputeFact) -> None:
    """The dispute as this event shows it; what an event means for money, the shape knows."""
    record_dispute(unit, fact)


created = updated = closed = funds_withdrawn = funds_reinstated = fetched = mirrored
