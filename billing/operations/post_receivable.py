"""Books what payees come to owe us, and how that ends: netted from a later share, or given up (REFUND-4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from billing.operations.unit import UnitOfWork
from billing.rules import bookings
from billing.rules.journal import Leg, Posting

Kind = Literal["receivable", "netting", "write_off", "write_off_recalled"]

_LEGS: Mapping[Kind, Callable[[str, str, int, str], tuple[Leg, ...]]] = {
    "receivable": bookings.receivable,
    "netting": bookings.netting,
    "write_off": bookings.write_off,
    "write_off_recalled": bookings.write_off_recalled,
}


def post_receivable(
    unit: UnitOfWork, kind: Kind, *, fact: str, source: str, account: str, amount_minor: int, currency: str
) -> None:
    """Book one step.

    Args:
        unit: the transaction.
        kind: it arose, was netted, was written off, or stands again because what it arose by came to nothing.
        fact: what it happened by, such as `transfer_reversal_request:stripe:REF-1`; (fact, kind) is booked once.
        source: the provider.
        account: the connected account that owes.
        amount_minor: positive.
        currency: of the amount.
    """
    unit.post(Posting(fact, kind, _LEGS[kind](source, account, amount_minor, currency)))
