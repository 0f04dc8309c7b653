"""What VIES answered about a VAT number (TAX-1, TAX-4)."""

from __future__ import annotations

from billing.operations.take_vies_answer import take_vies_answer
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.vies import ViesFact
from providers.vies.shapes.number import number


def facts(event: Event) -> ViesFact:
    """The answer in the event."""
    return number(event)


def checked(unit: UnitOfWork, fact: ViesFact) -> None:
    """Keep it, and tell it to all whose number it is."""
    take_vies_answer(unit, fact)
