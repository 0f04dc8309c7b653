"""What a payee is due of a payment whose payer has got money back before the share was passed on (REFUND-3, REFUND-4)."""

from __future__ import annotations

from collections.abc import Iterator

from billing.operations.unit import UnitOfWork
from billing.rules.money import share_half_up
from billing.rules.refund import pending_minor
from models.payment import Payment
from models.refund_request import RefundRequest
from models.transfer_request import TransferRequest


def due_minor(unit: UnitOfWork, row: TransferRequest, payment: Payment | None) -> int:
    """The share less what refunds take of it, in minor units; what is no share of a payment is due as it was asked for.

    A refund of ours takes the part that its policy gave it, and from then on counts as one whose part was taken: nothing is reversed
    for it as well, and should it fail, the part is given back. One that is not at the provider yet takes its part later. Of what others
    gave back (in the dashboard), it is the payee's proportion.
    """
    if row.payment_minor is None or payment is None:
        return (row.amount_minor or 0) + (row.netted_minor or 0)
    whole, requests = row.payment_minor, payment.refund_requests or {}
    share = whole - (row.fee_minor or 0)
    lowered = sum(_taken(unit, payment))
    made = sum(one["amount_minor"] for one in requests.values() if one["state"] == "made")
    others = max(0, (payment.refunded_minor or 0) - made - pending_minor(requests))
    left = share_half_up(share, max(0, whole - others), whole) if others else share
    return max(0, left - lowered)


def _taken(unit: UnitOfWork, payment: Payment) -> Iterator[int]:
    """The parts of our refunds. Of one that failed since and whose part is given back by a transfer of its own, it stays taken."""
    for reference, one in (payment.refund_requests or {}).items():
        if one["state"] not in ("made", "undone"):
            continue
        refund = unit.row(RefundRequest, payment.source, reference)
        if one["state"] == "made":
            refund.share_status = "made"
            refund.updated_at = max(refund.updated_at, unit.now)
        elif refund.share_status != "given_back":
            continue
        yield refund.transfer_minor or 0
