"""Books payments that have no charge of their own, and what PayPal keeps of its captures.

At Stripe the charge is the fact that moved the money (`post_charge`). A bank transfer has none. PayPal's captures are payment
and charge at once, and count only once PayPal's own API has confirmed them.
"""

from __future__ import annotations

from billing.operations.book import book
from billing.operations.post_charge import post_charge
from billing.operations.unit import UnitOfWork
from billing.rules import bookings
from models.charge import Charge
from models.payment import Payment


def post_payment(unit: UnitOfWork, row: Payment) -> None:
    """Book a payment whose outcome was just computed, if it is a bank transfer or PayPal's; called after each such step."""
    if row.source == "stripe" or row.status != "succeeded" or row.confirmed is False or row.currency is None:
        return
    if row.source == "manual":
        book(unit, row, "bank_transfer", bookings.bank_transfer(row.source, row.received_minor or 0, row.currency))
        return
    for name in row.charge_outcomes or {}:
        post_charge(unit, unit.row(Charge, row.source, name), confirmed=True)
    fee = row.processor_fee_minor or 0
    book(unit, row, "processor_fee", bookings.processor_fee(row.source, row.account_ref, fee, row.currency))
