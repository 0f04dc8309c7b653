"""Books what customers owe from amounts too small to charge (PAY-17): owed when carried over, no longer when taken."""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from billing.rules import bookings
from billing.rules.journal import Posting


def post_carry_over(unit: UnitOfWork, source: str, fact: str, kind: str, delta_minor: int, currency: str) -> None:
    """Book one change of a customer's balance; `fact` and `kind` are those of its ledger entry, which happens once."""
    unit.post(Posting(fact, kind, bookings.carried_over(source, delta_minor, currency)))
