"""Lets go of what nobody has paid in its grace: a manual renewal expires, and so does a subscription that never began (SUB-7)."""

from __future__ import annotations

from billing.operations.end_subscription import end_subscription
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscription import Subscription

WAITING = frozenset({"pending", "pending_renewal"})


def expire_renewal(unit: UnitOfWork, row: Subscription) -> bool:
    """Whether a locked subscription ended by this call. Not while a payment of its invoice waits for approval."""
    if row.status not in WAITING or row.grace_until is None or row.grace_until > unit.now:
        return False
    if row.latest_invoice_ref and unit.row(Invoice, OWN_SOURCE, row.latest_invoice_ref).confirmation_since is not None:
        return False
    return end_subscription(unit, row, "expired", at=unit.now, because="grace_over")
