"""Sets the seats of a subscription that we bill; what they cost within the period goes on the next invoice (SEAT-2).

Charging each change at once would make an invoice out of every hire. The sum waits in the subscription's own row, where opening a
period finds it without a query.
"""

from __future__ import annotations

from typing import Any, Literal

import structlog

from billing.operations.change_subscription import Terms, change_now, terms_of
from billing.operations.derive_account_status import derive_later
from billing.operations.open_period import affordable, full_minor
from billing.operations.period_money import period_money
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.proration import difference
from billing.rules.subscription_terms import cycle_of, parts, span
from models.subscription import Subscription

log = structlog.get_logger(__name__)

_REASON = "seats of the organisation changed"


def set_seats(unit: UnitOfWork, row: Subscription, quantity: int, proration: Literal["accrue", "charge"]) -> bool:
    """Set a locked, running one to so many seats; whether it could be. What cannot be charged now is accrued."""
    if not affordable(row.unit_price_minor or 0, quantity):
        log.error(
            "seats_unaffordable", subscription=row.external_id, quantity=quantity, effect="the quantity stays, nothing was billed",
            next_step="agree on another price, or split the subscription",
        )  # fmt: skip
        return False
    if row.pending_change is not None:
        row.pending_change = {**row.pending_change, "quantity": quantity}  # a plan change takes the live count with it (SEAT-9)
    if quantity == (row.quantity or 1):
        return True
    if proration == "charge" and row.status == "active" and row.pending_change is None and _charged(unit, row, quantity):
        return True
    _accrue(unit, row, quantity)
    return True


def _charged(unit: UnitOfWork, row: Subscription, quantity: int) -> bool:
    known = terms_of(row)
    try:
        change_now(unit, row, Terms(known.product_ref, quantity, known.cycle_unit, known.cycle_count), _REASON)
    except Rejected as refused:  # it refuses before it changes anything
        log.info("seats_accrued_instead", subscription=row.external_id, code=refused.code)
        return False
    return True


def _accrue(unit: UnitOfWork, row: Subscription, quantity: int) -> None:
    before, old_full = row.quantity, full_minor(row)
    row.quantity = quantity
    minor = 0
    runs = row.status not in ("trialing", "pending") and row.current_period_end is not None and row.current_period_end > unit.now
    if runs and row.current_period_end is not None:
        whole = span(cycle_of(row.anchor_at, row.zone, row.cycle_unit, row.cycle_count), row.cycle_no or 0)
        minor = difference(old_full, full_minor(row), *parts(whole, unit.now, row.current_period_end))
    if minor < 0:
        money = period_money(unit, row)
        minor = -min(-minor, max(money.paid_minor - money.credited_minor + max(row.seats_accrued_minor or 0, 0), 0))
    row.seats_accrued_minor = (row.seats_accrued_minor or 0) + minor
    row.updated_at = max(row.updated_at, unit.now)
    after: dict[str, Any] = {"quantity": quantity, "minor": minor, "accrued_minor": row.seats_accrued_minor, "currency": row.currency}
    unit.audit("subscription.seats_accrued", Subscription.NAME, row.id, before={"quantity": before}, after=after)
    derive_later(unit, row.subscriber_ref)
