"""`SALE.FETCHED`: what PayPal itself shows of a v1 sale; from here on its money is confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.record_fact import record_fact
from billing.operations.unit import UnitOfWork
from billing.rules.facts.base import Fact
from billing.rules.facts.event import Event
from providers.paypal.shapes.money_in import sale


def facts(event: Event) -> Sequence[Fact]:
    """Payment and charge, confirmed."""
    return sale(event)


def fetched(unit: UnitOfWork, fact: Fact) -> None:
    """It, as PayPal shows it."""
    record_fact(unit, fact)
