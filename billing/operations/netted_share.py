"""What of a payee's share paid his debts instead of being passed on: it is no part of any transfer, so it cannot be reversed (REFUND-4)."""

from __future__ import annotations

from models.dispute import Dispute
from models.payee import Payee
from models.payment import Payment
from models.refund_request import RefundRequest
from models.transfer_request import TransferRequest

_SENT = frozenset({"made", "cancelled"})
"""Statuses in which a share is passed on, or was kept for a debt as a whole."""


def netted_minor(share: TransferRequest) -> int:
    """In minor units of the share's currency; nothing while it is on its way."""
    return (share.netted_minor or 0) if share.status in _SENT else 0


def netted_left(payee: Payee, payment: Payment, share: TransferRequest) -> int:
    """What of that its refunds and disputes have not made him owe again; what came to nothing gave it back. All rows are locked."""
    source, refunds = share.source, (payment.refund_requests or {}).items()
    asked = {f"{RefundRequest.NAME}:{source}:{ref}" for ref, one in refunds if one["state"] != "undone"}
    withdrawn = [ref for ref, one in (payment.disputes or {}).items() if one["out_minor"] > one["back_minor"]]
    contested = tuple(f"{Dispute.NAME}:{source}:{ref}:" for ref in withdrawn)
    again: int = sum(one["amount_minor"] for key, one in (payee.owed or {}).items() if key in asked or key.startswith(contested))
    return max(0, netted_minor(share) - again)
