"""Stripe's answers to our own submissions, money in and back: the object's facts, then the request that wanted it."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.expect_news import expect_news
from billing.operations.record_fact import record_fact
from billing.operations.take_answer import take_answer
from billing.operations.unit import UnitOfWork
from billing.rules.facts.answer import AnswerFact
from billing.rules.facts.base import Fact
from billing.rules.facts.event import Event
from providers.stripe.shapes.answer import answer

AHEAD = expect_news


def facts(event: Event) -> Sequence[Fact]:
    """What was made, as a webhook would tell it, and for whom."""
    return answer(event)


def _answered(unit: UnitOfWork, fact: Fact) -> None:
    if isinstance(fact, AnswerFact):
        take_answer(unit, fact)
    else:
        record_fact(unit, fact)


payment_intent = checkout_session = customer = refund = application_fee_refund = dispute = meter_event = subscription = _answered
