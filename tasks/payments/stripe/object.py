"""What our own look-ups of any object at Stripe may end in, besides the object."""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from billing.operations.write_off_missing import write_off_missing
from billing.rules.facts.absent import AbsentFact
from billing.rules.facts.event import Event
from providers.absent import absent


def facts(event: Event) -> AbsentFact:
    """What is not there."""
    return absent(event)


def not_found(unit: UnitOfWork, fact: AbsentFact) -> None:
    """Stripe has no such object."""
    write_off_missing(unit, fact)
