"""A provider's invoice was paid: the period that it bills is settled, as one of ours would be (CRED-3, CRED-12, T4)."""

from __future__ import annotations

from datetime import datetime

from billing.operations.settle_period import settle_period
from billing.operations.unit import UnitOfWork
from models.invoice import Invoice
from models.subscription import Subscription

GRANTING = frozenset({"subscription_create", "subscription_cycle"})
"""The provider's reasons for which a period opens. A change's invoice (`subscription_update`) refills nothing (CRED-12)."""


def settle_mirrored(unit: UnitOfWork, invoice: Invoice) -> bool:
    """Whether it was this call that settled it: only for money that came, and once per period."""
    if invoice.billing_reason not in GRANTING or not invoice.amount_paid_minor or invoice.subscription_ref is None:
        return False
    start = _period_start(invoice)
    if start is None:
        return False
    row = unit.row(Subscription, invoice.source, invoice.subscription_ref)
    return settle_period(unit, row, start, "invoice_paid", invoice_ref=invoice.external_id)


def _period_start(invoice: Invoice) -> datetime | None:
    """The newest period among its lines: Stripe's invoice of a cycle has its lines' period ahead and its own behind."""
    starts = [line.get("period_start") for line in invoice.lines or [] if not line.get("proration")]
    return max((datetime.fromisoformat(one) for one in starts if isinstance(one, str)), default=invoice.period_start)
