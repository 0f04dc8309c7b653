"""Books of a row what is not booked yet: the one way by which verbs reach the journal (promise 5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing.operations.unit import UnitOfWork
from billing.rules.journal import Leg, Posting, booked_legs, difference, next_leg, undone, with_booked
from models.application_fee import ApplicationFee
from models.balance_transaction import BalanceTransaction
from models.charge import Charge
from models.dispute import Dispute
from models.payment import Payment
from models.payout import Payout
from models.refund import Refund
from models.transfer import Transfer

BookedRow = Payment | Charge | Refund | Dispute | Transfer | Payout | ApplicationFee | BalanceTransaction
"""Rows that remember what was booked of them."""


def book(unit: UnitOfWork, row: BookedRow, kind: str, wanted: Sequence[Leg], *, at: datetime | None = None) -> None:
    """Post the difference between what `kind` has to come to and what was booked of it; nothing where there is none.

    Args:
        unit: the transaction.
        row: the fact, locked; its `booked` is brought up to date.
        kind: what of the fact is booked.
        wanted: all legs of the kind as the row stands now, not only the new ones.
        at: when it happened; by default the time of the event in hand.
    """
    legs = difference(wanted, booked_legs(row.booked, kind))
    if not legs:
        return
    fact = f"{row.NAME}:{row.source}:{row.external_id}"
    unit.post(Posting(fact, kind, legs, next_leg(row.booked, kind), at))
    row.booked = with_booked(row.booked, kind, legs)


def book_undone(unit: UnitOfWork, row: BookedRow, kind: str, *kinds: str) -> None:
    """Book as `kind` that all which was booked as `kinds` is taken back; nothing where nothing was booked."""
    book(unit, row, kind, undone(leg for one in kinds for leg in booked_legs(row.booked, one)))
