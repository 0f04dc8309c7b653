"""Lets go of what nobody has paid in its grace: a manual renewal expires, and so does a subscription that never began (SUB-7)."""

from __future__ import annotations

from billing.operations.end_subscription import end_subscription
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscription import Subscription

_ON_ITS_WAY = """SELECT 1 FROM bursar.payment_request WHERE purpose = 'invoice' AND purpose_ref = %(invoice)s
                 AND status IN ('pending', 'processing') LIMIT 1"""
WAITING = frozenset({"pending", "pending_renewal"})


def expire_renewal(unit: UnitOfWork, row: Subscription) -> bool:
    """Whether a locked subscription ended by this call. Not while a payment of its invoice waits for approval, or is on its way: a
    direct debit takes longer than the grace.
    """
    if row.status not in WAITING or row.grace_until is None or row.grace_until > unit.now:
        return False
    if row.latest_invoice_ref and unit.row(Invoice, OWN_SOURCE, row.latest_invoice_ref).confirmation_since is not None:
        return False
    if row.latest_invoice_ref and unit.committed(_ON_ITS_WAY, {"invoice": row.latest_invoice_ref}):
        return False
    return end_subscription(unit, row, "expired", at=unit.now, because="grace_over")
