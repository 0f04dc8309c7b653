"""Books what a charge took in (promise 5)."""

from __future__ import annotations

from billing.operations.book import book
from billing.operations.post_conversion import post_conversion
from billing.operations.unit import UnitOfWork
from billing.rules import bookings
from models.charge import Charge


def post_charge(unit: UnitOfWork, row: Charge, *, confirmed: bool = False) -> None:
    """Book a merged charge if it succeeded; called after each merge.

    A charge that only shows a transfer's arrival in its account was booked as that transfer. `confirmed`: for PayPal, whose
    webhooks prove too little, that the payment was looked up.
    """
    if row.status != "succeeded" or row.currency is None:
        return
    if row.source != "stripe" and not confirmed:
        return
    taken = row.amount_minor if row.amount_captured_minor is None else row.amount_captured_minor
    if taken is None:
        return
    if not row.source_transfer_ref:
        book(unit, row, "charge", bookings.charge(row.source, row.account_ref, taken, row.currency))
    post_conversion(unit, row, taken)
