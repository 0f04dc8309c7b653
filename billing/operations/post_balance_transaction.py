"""Books what only Stripe's balance transactions tell: fees, conversions, and moves that no other fact explains (promise 5)."""

from __future__ import annotations

from billing.operations.book import book
from billing.operations.unit import UnitOfWork
from billing.rules import bookings
from billing.rules.balance_moves import meaning, own_fee_minor
from models.balance_transaction import BalanceTransaction


def post_balance_transaction(unit: UnitOfWork, row: BalanceTransaction) -> None:
    """Book a merged balance transaction; called after each merge.

    Where another fact books the amount, only the provider's own fee is booked here; of a dispute not even that. What this
    version cannot explain goes to `suspense`, so that the balance in the books is the provider's.
    """
    if row.amount_minor is None or row.fee_minor is None or row.currency is None:
        return
    source, owner, currency, amount = row.source, row.account_ref, row.currency, row.amount_minor
    at, means = row.provider_created_at, meaning(row.type_, row.reporting_category)
    if means == "dispute":
        return
    fee = own_fee_minor(row.fee_minor, row.fees or [])
    if means == "fee":
        fee -= amount
    book(unit, row, "processor_fee", bookings.processor_fee(source, owner, fee, currency), at=at)
    if means == "reserve":
        book(unit, row, "reserve", bookings.reserved(source, owner, amount, currency), at=at)
    elif means == "topup" and owner is None:
        book(unit, row, "topup", bookings.topped_up(source, amount, currency), at=at)
    elif means == "charge_failure":
        book(unit, row, "charge_failure", bookings.refund(source, owner, -amount, currency), at=at)
    elif means in ("unexplained", "topup"):
        book(unit, row, "unexplained", bookings.unexplained(source, owner, amount, currency), at=at)
