"""Books our share of a connected account's charge, and what of it was given back (promise 5)."""

from __future__ import annotations

from billing.operations.book import book
from billing.operations.post_conversion import post_conversion
from billing.operations.unit import UnitOfWork
from billing.rules import bookings
from models.application_fee import ApplicationFee


def post_application_fee(unit: UnitOfWork, row: ApplicationFee) -> None:
    """Book a merged fee; called after each merge. What was given back is cumulative, so each step books the rest."""
    if row.account_ref is None or row.amount_minor is None or row.currency is None:
        return
    fee = bookings.application_fee(row.source, row.account_ref, row.amount_minor, row.currency)
    book(unit, row, "application_fee", fee)
    back = bookings.application_fee_refund(row.source, row.account_ref, row.refunded_minor or 0, row.currency)
    book(unit, row, "application_fee_refund", back)
    post_conversion(unit, row, row.amount_minor)
