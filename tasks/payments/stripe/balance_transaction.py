"""Stripe's balance transactions, as our own look-ups bring them: single ones, and pages of a balance's list (RECON-1)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.list_balance import follow_balance_list
from billing.operations.record_balance_transaction import record_balance_transaction
from billing.operations.unit import UnitOfWork
from billing.rules.facts.balance_transaction import BalancePageFact, BalanceTransactionFact
from billing.rules.facts.event import Event
from providers.stripe.shapes.balance_transaction import balance_page, balance_transaction


def facts(event: Event) -> Sequence[BalanceTransactionFact | BalancePageFact]:
    """The moves in the event, and for a page where to go on."""
    if event.type.endswith(".fetched"):
        return [balance_transaction(event, event.object)]
    return balance_page(event, "older" if event.type.endswith(".listed_back") else "newer")


def fetched(unit: UnitOfWork, fact: BalanceTransactionFact) -> None:
    """One move, whose fee, conversion or reason only it tells."""
    record_balance_transaction(unit, fact)


def listed(unit: UnitOfWork, fact: BalanceTransactionFact | BalancePageFact) -> None:
    """What is new in a balance; the next page is asked for."""
    if isinstance(fact, BalancePageFact):
        follow_balance_list(unit, fact)
    else:
        record_balance_transaction(unit, fact)


def listed_back(unit: UnitOfWork, fact: BalanceTransactionFact | BalancePageFact) -> None:
    """What a balance had before it was first read; the next page is asked for."""
    listed(unit, fact)
