"""Stripe `credit_note.*`: documents that lower an invoice."""

from __future__ import annotations

from billing.operations.record_credit_note import record_credit_note
from billing.operations.unit import UnitOfWork
from billing.rules.facts.credit_note import CreditNoteFact
from billing.rules.facts.event import Event
from providers.stripe.shapes.credit_note import credit_note


def facts(event: Event) -> CreditNoteFact:
    """The credit note in the event."""
    return credit_note(event)


def mirrored(unit: UnitOfWork, fact: CreditNoteFact) -> None:
    """The credit note as this event shows it."""
    record_credit_note(unit, fact)


created = updated = voided = mirrored
