"""ANAF's answers to uploads."""

from __future__ import annotations

from billing.operations.take_answer import take_answer
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact
from billing.rules.facts.event import Event
from providers.anaf import shapes


def facts(event: Event) -> AnswerFact:
    """Whether it was taken in, under which number, or why not."""
    return shapes.answer(event)


def efactura(unit: UnitOfWork, fact: AnswerFact) -> None:
    """The document that was uploaded."""
    take_answer(unit, fact)
