"""Lets go of money that was held back from payouts (PAYOUT-4, DISPUTE-2)."""

from __future__ import annotations

from billing.operations.move_status import move_status
from billing.operations.payee_of import payee_of
from billing.operations.resume_payee import resume_payee
from billing.operations.unit import UnitOfWork
from billing.rules.states_requests import PAYOUT_HOLD
from models.payout_hold import PayoutHold


def release_hold(unit: UnitOfWork, source: str, key: str, *, why: str) -> PayoutHold:
    """Release the hold `key`; one that is not open stays as it is. What waited for it goes on.

    Args:
        unit: the transaction.
        source: the provider.
        key: as it was opened with.
        why: for the audit.
    """
    row = unit.row(PayoutHold, source, key)
    if row.status != "open" or row.account_ref is None:
        return row
    payee = payee_of(unit, source, row.account_ref)
    row.status, row.released_at = "released", unit.now
    row.updated_at = max(row.updated_at, unit.now)
    payee.holds = {name: hold for name, hold in (payee.holds or {}).items() if name != key}
    payee.updated_at = max(payee.updated_at, unit.now)
    move_status(unit, row, PAYOUT_HOLD, "open", "released", {"account": row.account_ref, "reason": row.reason, "why": why})
    resume_payee(unit, payee)
    return row
