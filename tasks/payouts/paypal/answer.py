"""PayPal's answers to our own submissions, money that goes out: the request that wanted it, and a look at the batch's items."""

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
    """The batch's items as far as they are shown, and for whom it was made."""
    return answer(event)


def payout(unit: UnitOfWork, fact: Fact) -> None:
    """An item; or the request, and a look at the batch: PayPal makes the items after it has answered."""
    if not isinstance(fact, AnswerFact):
        record_fact(unit, fact)
        return
    take_answer(unit, fact)
    if fact.object_ref is not None:
        request_fetch(unit, fact, "payouts-batch", path("payouts-batch", fact.object_ref), object_ref=fact.object_ref)
