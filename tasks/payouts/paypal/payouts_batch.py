"""`PAYOUTS-BATCH.FETCHED`: what PayPal itself shows of a batch payout: its items."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.record_payout import record_payout
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.payout import PayoutFact
from providers.paypal.shapes.payout_batch import payout_batch


def facts(event: Event) -> Sequence[PayoutFact]:
    """The items that PayPal has made so far."""
    return payout_batch(event)


def fetched(unit: UnitOfWork, fact: PayoutFact) -> None:
    """One of them, as PayPal shows it."""
    record_payout(unit, fact)
