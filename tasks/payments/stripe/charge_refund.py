"""Stripe `charge.refund.updated`: the older name of `refund.updated`, for some ways to pay."""

from __future__ import annotations

from billing.operations.record_refund import record_refund
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.refund import RefundFact
from providers.stripe.shapes.refund import refund


def facts(event: Event) -> RefundFact:
    """The refund in the event."""
    return refund(event)


def updated(unit: UnitOfWork, fact: RefundFact) -> None:
    """The refund as this event shows it."""
    record_refund(unit, fact)
