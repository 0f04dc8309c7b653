"""Books what went back to a payer, and once that it came back because the refund failed (promise 5)."""

from __future__ import annotations

from billing.operations.book import book, book_undone
from billing.operations.derive_refunded import released
from billing.operations.post_conversion import post_conversion
from billing.operations.unit import UnitOfWork
from billing.rules import bookings
from billing.rules.commands.bank_transfer import SOURCE
from billing.rules.journal import Leg
from billing.rules.states_money_out import REFUND_UNDONE
from models.charge import Charge
from models.refund import Refund


def post_refund(unit: UnitOfWork, row: Refund) -> None:
    """Book a merged refund by its status; called after each merge.

    A refund in a connected account that only shows a transfer's reversal was booked as that. One that PayPal has not
    confirmed is not booked.
    """
    if row.confirmed is False or row.amount_minor is None or row.currency is None:
        return
    if row.status in REFUND_UNDONE:
        book_undone(unit, row, "refund_failure", "refund")
    elif row.status != "succeeded":
        return
    elif _only_released(unit, row):
        book(unit, row, "refund", ())  # it moved no balance; booked before the charge told so, it is taken back
        return
    elif not row.source_transfer_reversal_ref:
        book(unit, row, "refund", _legs(row.source, row.account_ref, row.amount_minor, row.currency))
    post_conversion(unit, row, row.amount_minor)


def _legs(source: str, owner: str | None, amount_minor: int, currency: str) -> tuple[Leg, ...]:
    if source == SOURCE:
        return bookings.bank_refund(source, amount_minor, currency)
    return bookings.refund(source, owner, amount_minor, currency)


def _only_released(unit: UnitOfWork, row: Refund) -> bool:
    """Whether it only shows what of an authorisation was never taken."""
    if row.charge_ref is None or row.balance_transaction_ref is not None:
        return False
    return row.amount_minor == released(unit.row(Charge, row.source, row.charge_ref))
