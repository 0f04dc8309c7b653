"""Takes back as large a part of a package's credits as went back of its money, and gives them back as far as that failed (REFUND-13)."""

from __future__ import annotations

from billing.operations.credit_ledger import account_of, change_lot
from billing.operations.unit import UnitOfWork
from billing.rules.credits import worth
from billing.rules.money import share_half_up
from models.base import OWN_SOURCE
from models.credit_lot import CreditLot
from models.fulfilment import Fulfilment

PART = "credits_of_parts"
"""In a fulfilment's metadata: what refunds of a part of its money took."""


def claw_back_part(unit: UnitOfWork, fulfilment: Fulfilment, lot_ref: str, back_minor: int, whole_minor: int) -> None:
    """A part of the money went back: as much of its lot's credits, as far as they are unspent; given back as far as the refund failed.

    Args:
        unit: the transaction.
        fulfilment: of the payment.
        lot_ref: what it paid for.
        back_minor: what of it went back so far.
        whole_minor: what the lot cost, by this payment and others.
    """
    said = fulfilment.metadata_ or {}
    have = said.get(PART, 0)
    if fulfilment.credits_clawed_back_at is not None or not (back_minor or have) or not whole_minor:
        return
    lot = unit.find(CreditLot, OWN_SOURCE, [lot_ref]).get(lot_ref)
    if lot is None or lot.incomplete:
        return
    account, granted = account_of(unit, lot.subscriber_ref or ""), lot.amount or 0
    wanted = share_half_up(granted, min(back_minor, whole_minor), whole_minor)
    taken = min(wanted - have, lot.remaining or 0)
    if taken > 0 or lot.expires_at is None or lot.expires_at > unit.now:
        kind = "clawback" if taken > 0 else "refund"
        change_lot(unit, account, lot, -taken, kind=kind, fact=f"part:{account.entries}:{lot_ref}")
    missing = worth(whole_minor, granted, wanted - have - taken)
    fulfilment.metadata_ = {**said, PART: have + taken}
    fulfilment.clawback_minor = back_minor or None
    fulfilment.clawback_shortfall_minor = min(missing, back_minor) if back_minor else None
    if taken:
        after = {"lot": lot_ref, "amount_minor": back_minor, "currency": fulfilment.currency, "credits": have + taken}
        unit.audit("credits.clawed_back_in_part", Fulfilment.NAME, fulfilment.id, before={"credits": have}, after=after)
