"""Books what was passed on to payees, and what of it was taken back (promise 5)."""

from __future__ import annotations

from billing.operations.book import book, book_undone
from billing.operations.unit import UnitOfWork
from billing.rules import bookings
from models.transfer import Transfer


def post_transfer(unit: UnitOfWork, row: Transfer) -> None:
    """Book a merged transfer; called after each merge. What was reversed is cumulative, so each step books the rest.

    Transfers that connected accounts made among themselves, and those before 2017, which were payouts, are not ours.
    """
    if (
        row.destination_ref is None
        or row.account_ref
        or row.provider_status
        or row.amount_minor is None
        or row.currency is None
    ):
        return
    if row.status in ("failed", "cancelled"):
        book_undone(unit, row, "transfer_failure", "transfer", "transfer_reversal")
        return
    amounts = {"transfer": row.amount_minor, "transfer_reversal": row.reversed_minor or 0}
    for kind, amount in amounts.items():
        legs = bookings.transfer if kind == "transfer" else bookings.transfer_reversal
        book(unit, row, kind, legs(row.source, row.destination_ref, amount, row.currency))
