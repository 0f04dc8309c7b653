"""Stripe's balance of a connected account, as our own look-up brings it before anything is paid out (PAYOUT-1)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.record_balance import record_balance
from billing.operations.unit import UnitOfWork
from billing.rules.facts.balance import BalanceFact
from billing.rules.facts.event import Event
from providers.stripe.shapes.balance import balance


def facts(event: Event) -> Sequence[BalanceFact]:
    """The balance of the account that the envelope names."""
    return balance(event)


def fetched(unit: UnitOfWork, fact: BalanceFact) -> None:
    """The balance is known; what waited for it goes on."""
    record_balance(unit, fact)
