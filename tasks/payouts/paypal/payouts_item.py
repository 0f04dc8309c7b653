"""`PAYOUTS-ITEM.FETCHED`: what PayPal itself shows of a payout item."""

from __future__ import annotations

from billing.operations.record_payout import record_payout
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.payout import PayoutFact
from providers.paypal.shapes.payout_item import payout_item


def facts(event: Event) -> PayoutFact:
    """The item in the answer."""
    return payout_item(event)


def fetched(unit: UnitOfWork, fact: PayoutFact) -> None:
    """The item as PayPal shows it."""
    record_payout(unit, fact)
