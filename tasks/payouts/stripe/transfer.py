"""Stripe `transfer.*`, with `paid`, `failed` and `canceled` from the years in which payouts were called transfers."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.follow_transfer_reversal import follow_transfer_reversal
from billing.operations.record_transfer import record_transfer
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.transfer import TransferFact
from billing.rules.facts.transfer_reversal import TransferReversalFact
from providers.stripe.shapes.transfer import reversals, transfer


def facts(event: Event) -> Sequence[TransferFact | TransferReversalFact]:
    """The transfer in the event, and those of its reversals that we asked for."""
    return [transfer(event), *reversals(event)]


def mirrored(unit: UnitOfWork, fact: TransferFact | TransferReversalFact) -> None:
    """The transfer as this event shows it."""
    if isinstance(fact, TransferReversalFact):
        follow_transfer_reversal(unit, fact)
    else:
        record_transfer(unit, fact)


created = updated = reversed = paid = failed = canceled = fetched = mirrored  # noqa: A001 - named by Stripe's event types
