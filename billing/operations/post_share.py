"""Books shares of payees whose balance we keep ourselves (PayPal): there is no transfer whose fact would book them."""

from __future__ import annotations

from typing import Literal

from billing.operations.unit import UnitOfWork
from billing.rules import bookings
from billing.rules.journal import Posting
from models.transfer_request import TransferRequest


def post_share(
    unit: UnitOfWork, share: TransferRequest, kind: Literal["share", "share_taken_back"], amount_minor: int, *, number: int = 0
) -> None:
    """Book that a payee has a share coming, or `number` (from 0 on) of what was taken back of it; `amount_minor` > 0."""
    if share.account_ref is None or share.currency is None:
        return
    amount = amount_minor if kind == "share" else -amount_minor
    legs = bookings.share(share.source, share.account_ref, amount, share.currency)
    unit.post(Posting(f"{share.NAME}:{share.source}:{share.external_id}", kind, legs, number))
