"""PayPal's answers to our own submissions, money in and back: the object's facts, then the request that wanted it."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.record_fact import record_fact
from billing.operations.request_fetch import request_fetch
from billing.operations.take_answer import take_answer
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact
from billing.rules.facts.base import Fact
from billing.rules.facts.event import Event
from providers.paypal.paths import path
from providers.paypal.shapes.answer import answer


def facts(event: Event) -> Sequence[Fact]:
    """What was made, as a look-up would tell it, and for whom."""
    return answer(event)


def _answered(unit: UnitOfWork, fact: Fact) -> None:
    if isinstance(fact, AnswerFact):
        take_answer(unit, fact)
    else:
        record_fact(unit, fact)


order = refund = _answered


def dispute(unit: UnitOfWork, fact: Fact) -> None:
    """The request that wanted it; PayPal answers links only, so a look at the dispute follows."""
    _answered(unit, fact)
    _look(unit, fact, "dispute")


def subscription(unit: UnitOfWork, fact: Fact) -> None:
    """The request that wanted it; PayPal answers nothing but that it is done, so a look at the subscription follows."""
    _answered(unit, fact)
    _look(unit, fact, "subscription")


def _look(unit: UnitOfWork, fact: Fact, kind: str) -> None:
    if isinstance(fact, AnswerFact) and fact.object_ref is not None:
        request_fetch(unit, fact, kind, path(kind, fact.object_ref), object_ref=fact.object_ref)
