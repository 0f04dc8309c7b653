"""`REFUND.FETCHED`: what PayPal itself shows of a refund, of either generation."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.record_fact import record_fact
from billing.operations.unit import UnitOfWork
from billing.rules.facts.base import Fact
from billing.rules.facts.event import Event
from providers.paypal.shapes.refund import refund


def facts(event: Event) -> Sequence[Fact]:
    """The refund, and what went back of its capture so far."""
    return refund(event)


def fetched(unit: UnitOfWork, fact: Fact) -> None:
    """It, as PayPal shows it."""
    record_fact(unit, fact)
