"""Asks again for a transfer that the provider refused, because a person has mended the cause (PAYOUT-5)."""

from __future__ import annotations

from billing.operations.send_transfer import send_transfer
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
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
