"""Takes a share back from a payee whose balance we keep ourselves: what `reverse_transfer` is where there are transfers."""

from __future__ import annotations

from billing.operations.own_balance import KEPT_HERE, credit
from billing.operations.payee_of import payee_of
from billing.operations.post_share import post_share
from billing.operations.unit import UnitOfWork
from models.base import Aggregate
from models.transfer_request import TransferRequest


def take_back_share(unit: UnitOfWork, share: TransferRequest, amount_minor: int, why: str, wanted_by: Aggregate) -> int:
    """Lower the balance of a made share's payee, once per row that wants it; below zero if need be, which holds him (PAYOUT-4).

    Args:
        unit: the transaction.
        share: locked, `made`, of a provider without transfers.
        amount_minor: in minor units of the share's currency.
        why: for the audit.
        wanted_by: the refund request or dispute.

    Returns:
        What was taken: at most what is left of the share; 0 where it was taken before.
    """
    name = f"{wanted_by.NAME}:{wanted_by.external_id}"
    taken: dict[str, int] = dict(share.taken_back or {})
    if share.source not in KEPT_HERE or share.status != "made" or name in taken or share.account_ref is None or share.currency is None:
        return 0
    amount = max(0, min(amount_minor, (share.made_minor or 0) - sum(taken.values())))
    share.taken_back = {**taken, name: amount}
    share.updated_at = max(share.updated_at, unit.now)
    credit(unit, payee_of(unit, share.source, share.account_ref), share.currency, -amount)
    post_share(unit, share, "share_taken_back", amount, number=len(taken))
    about = {"amount_minor": amount, "currency": share.currency, "for": name, "why": why}
    unit.audit("transfer_request.taken_back", TransferRequest.NAME, share.id, before=None, after=about)
    return amount
