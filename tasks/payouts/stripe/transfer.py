"""Stripe `transfer.*`, with `paid`, `failed` and `canceled` from the years in which payouts were called transfers."""

from __future__ import annotations

from billing.operations.record_transfer import record_transfer
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.transfer import TransferFact
from providers.stripe.shapes.transfer import transfer


def facts(event: Event) -> TransferFact:
    """The transfer in the event."""
    return transfer(event)


def mirrored(unit: UnitOfWork, fact: TransferFact) -> None:
    """The transfer as this event shows it."""
    record_transfer(unit, fact)


created = updated = reversed = paid = failed = canceled = fetched = mirrored  # noqa: A001 - named by Stripe's event types
