"""Books money on its way to a bank: when it leaves, when it arrives, and once that it came back (PAYOUT-6, promise 5)."""

from __future__ import annotations

from billing.operations.book import book, book_undone
from billing.operations.unit import UnitOfWork
from billing.rules import bookings
from billing.rules.request_tag import request_named
from billing.rules.states_money_out import PAYOUT_GIVEN_BACK
from models.payout import Payout
from models.payout_request import PayoutRequest

_LEFT = frozenset({"pending", "on_hold", "in_transit", "paid"})


def post_payout(unit: UnitOfWork, row: Payout) -> None:
    """Book a merged payout by its status; called after each merge. Paid is not final; given back is.

    PayPal's payouts go to payees from our own balance, with a fee on top, and count once PayPal has confirmed them.
    """
    if row.confirmed is False:
        return
    if row.status in PAYOUT_GIVEN_BACK:
        book_undone(unit, row, "payout_failure", "payout", "payout_paid", "payout_fee")
        return
    if row.amount_minor is None or row.currency is None or row.status not in _LEFT:
        return
    book(unit, row, "payout", bookings.payout(row.source, row.account_ref, row.amount_minor, row.currency))
    if row.source == "paypal" and row.fee_minor:
        book(unit, row, "payout_fee", bookings.processor_fee(row.source, row.account_ref, row.fee_minor, row.currency))
    if row.status == "paid":
        paid = (
            bookings.payee_paid(row.source, _payee(unit, row), row.amount_minor, row.currency)
            if row.source == "paypal"
            else bookings.payout_paid(row.source, row.account_ref, row.amount_minor, row.currency)
        )
        book(unit, row, "payout_paid", paid)


def _payee(unit: UnitOfWork, row: Payout) -> str | None:
    """Whom a payout out of our own balance pays: known by our request, if there is one."""
    named = request_named(row.metadata_)
    if named is None or named.request_type != PayoutRequest.NAME:
        return None
    return unit.row(PayoutRequest, row.source, named.reference).account_ref
