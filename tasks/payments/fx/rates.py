"""What a central bank told of its rates of exchange (TAX-5)."""

from __future__ import annotations

from billing.operations.take_fx_answer import take_fx_answer
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.fx import FxFact
from providers.fx.shapes.rates import rates


def facts(event: Event) -> FxFact:
    """The answer in the event."""
    return rates(event)


def told(unit: UnitOfWork, fact: FxFact) -> None:
    """Record what is used and believed; the papers that wait for it are issued within the hour."""
    take_fx_answer(unit, fact)
