"""Asks again for a transfer that the provider refused: a person has mended the cause, or there is money again (PAYOUT-5)."""

from __future__ import annotations

from billing.operations.ask_balance import waits
from billing.operations.move_request import move_request
from billing.operations.payee_of import payee_of
from billing.operations.send_transfer import may_be_given, send_transfer
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.states_requests import TRANSFER_REQUEST
from models.account import Account
from models.transfer_request import TransferRequest


def retry_transfer(unit: UnitOfWork, source: str, reference: str) -> TransferRequest:
    """The request, on its way again under the next attempt's key. The refused one has surely made nothing.

    Raises:
        Rejected: `transfer_unknown`, or `not_failed`: it is made, on its way, or waits by itself.
    """
    row = unit.row(TransferRequest, source, reference)
    if row.status is None:
        raise Rejected("transfer_unknown", f"no share is called {reference}", {"field": "reference"})
    if row.status != "failed":
        raise Rejected("not_failed", f"the transfer of {reference} is {row.status}", {"current": row.status})
    send_transfer(unit, row)
    return row


SHORT = "balance_insufficient"
"""The platform's own balance was too small: the one failure that mends itself."""


def retry_for_balance(unit: UnitOfWork, source: str, reference: str) -> bool:
    """Ask again for what failed for want of the platform's balance; whether it did. An account that may not be given money now
    waits, and is told to by what changes that."""
    row = unit.row(TransferRequest, source, reference)
    if row.status != "failed" or row.failure_code != SHORT or not row.account_ref:
        return False
    payee = payee_of(unit, source, row.account_ref)
    if may_be_given(unit.row(Account, source, row.account_ref), payee):
        send_transfer(unit, row)
        return True
    payee.waiting = waits(payee.waiting, TransferRequest.NAME, reference)
    payee.updated_at = max(payee.updated_at, unit.now)
    move_request(unit, row, TRANSFER_REQUEST, "waiting", account=row.account_ref)
    return False
