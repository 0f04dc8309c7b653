"""Ends a subscription that PayPal bills with its period (SUB-6). PayPal ends one at once or not at all, so the wish is kept here, and
PayPal is asked a day before it would bill again. What the payer has paid for he keeps until then (`access_until`).
"""

from __future__ import annotations

from datetime import timedelta

from billing.operations.cancel_at_provider import ask_provider
from billing.operations.derive_account_status import derive_later
from billing.operations.unit import UnitOfWork
from billing.rules.instants import iso
from models.subscription import Subscription

SOURCE = "paypal"
LEAD = timedelta(days=1)
"""How long before PayPal bills again it is asked: enough for an outage, and PayPal's day of billing may begin in another zone."""
ENDED = frozenset({"cancelled", "expired"})
_BECAUSE = "it ends with its period, as was asked for"
"""What PayPal is told; who asked for it and why is in the audit."""


def endable(row: Subscription) -> bool:
    """Whether the wish can be kept: it is known when PayPal would bill again."""
    return row.source == SOURCE and row.current_period_end is not None


def plan_end(unit: UnitOfWork, row: Subscription, reason: str | None) -> bool:
    """It is to end with its period; whether it was not before. The subscriber is locked."""
    return row.status not in ENDED and _wish(unit, row, "subscription.cancel_planned", reason, wanted=True)


def take_back(unit: UnitOfWork, row: Subscription, reason: str | None) -> bool:
    """It goes on after all; whether it was to end. Nothing has been asked of PayPal as long as it runs."""
    return row.status not in ENDED and _wish(unit, row, "subscription.reactivated", reason, wanted=False)


def _wish(unit: UnitOfWork, row: Subscription, action: str, reason: str | None, *, wanted: bool) -> bool:
    before = bool(row.cancel_at_period_end)
    if before == wanted:
        return False
    row.cancel_at_period_end = wanted
    row.updated_at = max(row.updated_at, unit.now)
    after = {"cancel_at_period_end": wanted, "reason": reason, "period_end": iso(row.current_period_end)}
    unit.audit(action, Subscription.NAME, row.id, before={"cancel_at_period_end": before}, after=after)
    derive_later(unit, row.subscriber_ref)
    return True


def end_at_paypal(unit: UnitOfWork, row: Subscription) -> bool:
    """Ask PayPal, if its next billing is that near; whether it is asked. The subscriber is locked."""
    end = row.current_period_end
    if not row.cancel_at_period_end or end is None or end > unit.now + LEAD:
        return False
    if ask_provider(unit, row, "cancel", _BECAUSE) is None:
        return False
    row.access_until = end
    row.updated_at = max(row.updated_at, unit.now)
    return True


def end_access(unit: UnitOfWork, row: Subscription) -> bool:
    """What was paid for is over; whether it was this call that said so. What the account is follows."""
    if row.access_until is None or row.access_until > unit.now or row.status not in ENDED:
        return False
    row.access_until = None
    row.updated_at = max(row.updated_at, unit.now)
    derive_later(unit, row.subscriber_ref)
    return True
