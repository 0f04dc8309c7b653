"""Ends a subscription that we bill: nothing more is billed, and what nobody has paid is owed no longer (SUB-5, SUB-7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from billing.operations.bill_last_seats import bill_last_seats
from billing.operations.follow_subscription_invoice import OWING, open_invoices
from billing.operations.move_own import move_own
from billing.operations.release_promo import release_redemption
from billing.operations.unit import UnitOfWork
from billing.operations.void_invoice import void_invoice
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.promo_redemption import PromoRedemption
from models.subscription import Subscription


def end_subscription(
    unit: UnitOfWork, row: Subscription, status: Literal["cancelled", "expired"], *, at: datetime, because: str, reason: str | None = None,
    void: bool = True,
) -> bool:  # fmt: skip
    """Move a locked subscription to its end; whether it ran until now. Its open invoices are voided with it, unless `void` is False.

    Args:
        unit: the transaction.
        row: the subscription.
        status: `cancelled` by somebody's wish, `expired` for want of money.
        at: when it ended.
        because: a word for the audit.
        reason: what somebody said.
        void: False where the period was used and its money is still wanted.
    """
    never_ran, owes = row.status in ("pending", "trialing"), row.status in OWING
    if not move_own(unit, row, status, because=because, reason=reason):
        return False
    row.ended_at, row.cancelled_at = at, unit.now if status == "cancelled" else row.cancelled_at
    row.cancellation_reason = reason or because
    row.next_billing_at = row.grace_until = row.pending_change = None
    row.cancel_at_period_end = False
    if not never_ran and (owes or row.seats_accrued_minor):
        bill_last_seats(unit, row, lost=open_invoices(unit, [row.external_id])[row.external_id] if owes and void else ())
    if void:
        unit.later(_void, row.external_id)
    if never_ran and row.promo_ref:
        release_redemption(unit, unit.row(PromoRedemption, OWN_SOURCE, row.promo_ref), "never_paid")
    return True


def _void(unit: UnitOfWork, refs: Sequence[str]) -> None:
    for ref, invoices in open_invoices(unit, refs).items():
        unit.again(ref)
        unit.load((Invoice.NAME, OWN_SOURCE, name) for name in invoices)
        for name in invoices:
            void_invoice(unit, unit.row(Invoice, OWN_SOURCE, name), "the subscription ended")
