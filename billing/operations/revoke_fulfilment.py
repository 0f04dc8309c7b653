"""Takes back what was granted for a payment whose money went back: a full refund, a dispute that was lost (PROMO-2, REFUND-7).

Each reason counts by itself, and any order ends the same: a dispute that is won gives back only its own.
"""

from __future__ import annotations

from billing.operations.claw_back_credits import claw_back_credits, give_back_credits
from billing.operations.move_status import move_status
from billing.operations.own_row import own_row
from billing.operations.release_promo import REFUND, release_promo
from billing.operations.subscription_promo import give_back_promo
from billing.operations.surplus import restore_surplus, withdraw_surplus
from billing.operations.unit import UnitOfWork
from billing.rules.instants import iso
from billing.rules.states_charges import FULFILMENT
from models.fulfilment import Fulfilment
from models.payment import Payment


def revoke_fulfilment(unit: UnitOfWork, payment: Payment, because: str) -> Fulfilment:
    """Revoke what the payment granted, for one more reason; the same reason again changes nothing.

    Where nothing was granted yet (the news came in that order), it is revoked from the beginning.

    Args:
        unit: the transaction.
        payment: whose fulfilment it is.
        because: `refund`, `dispute:<its id>`: what may later give it back.
    """
    row, _ = own_row(unit, Fulfilment, payment.source, payment.external_id)
    if because in (row.revocations or {}):
        return row
    row.revocations = {**(row.revocations or {}), because: iso(unit.now)}
    if row.status != "revoked":
        before, row.status, row.revoked_at = row.status, "revoked", unit.now
        move_status(unit, row, FULFILMENT, before, row.status, {"because": because, "purpose": row.purpose})
        withdraw_surplus(unit, row)
    if release_promo(unit, row) and row.purpose == "invoice" and row.purpose_ref:
        give_back_promo(unit, row.purpose_ref, REFUND)
    claw_back_credits(unit, row)
    return row


def restore_fulfilment(unit: UnitOfWork, payment: Payment, because: str) -> Fulfilment:
    """That reason is gone: the refund failed, the dispute was won. With no other left it is granted again."""
    row, _ = own_row(unit, Fulfilment, payment.source, payment.external_id)
    if because not in (row.revocations or {}):
        return row
    row.revocations = {name: at for name, at in (row.revocations or {}).items() if name != because} or None
    if row.revocations is None and row.granted_at is not None:
        before, row.status, row.revoked_at = row.status, "granted", None
        move_status(unit, row, FULFILMENT, before, row.status, {"because": because, "purpose": row.purpose})
        give_back_credits(unit, row)
        restore_surplus(unit, row)
    return row
