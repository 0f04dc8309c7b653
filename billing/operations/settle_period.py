"""The one place where a billed period counts as settled: what a new period brings (credits, counters) follows from it, once (T4).

Own invoices that are paid, periods that cost nothing, providers' paid invoices and approved bank transfers all end here; the key
(subscription, period_start) makes the second of them harmless, whichever comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from billing.operations.open_usage_period import open_usage_period
from billing.operations.own_row import own_row
from billing.operations.reset_credits import reset_on_settlement
from billing.operations.unit import UnitOfWork
from billing.rules.subscription_terms import stamp
from models.period_settlement import PeriodSettlement
from models.subscription import Subscription

Effect = Callable[[UnitOfWork, Subscription, PeriodSettlement], None]

EFFECTS: tuple[Effect, ...] = (reset_on_settlement, open_usage_period)
"""What follows, in this order. Each finds whose it is by the subscription's `subscriber_ref` (None: not linked yet) and `product_ref`."""


def settle_period(unit: UnitOfWork, row: Subscription, period_start: datetime, because: str, *, invoice_ref: str | None = None) -> bool:
    """Settle a period of a locked subscription; whether it was this call that did.

    Args:
        unit: the transaction.
        row: the subscription, ours or a provider's.
        period_start: when the period began.
        because: `invoice_paid` or `nothing_owed`.
        invoice_ref: the invoice that was paid.
    """
    settlement, new = own_row(unit, PeriodSettlement, row.source, settlement_ref(row.external_id, period_start))
    if not new:
        return False
    settlement.subscription_ref, settlement.period_start = row.external_id, period_start
    settlement.because, settlement.invoice_ref, settlement.settled_at = because, invoice_ref, unit.now
    for effect in EFFECTS:
        effect(unit, row, settlement)
    return True


def settlement_ref(subscription_ref: str, period_start: datetime) -> str:
    """How the settlement of a subscription's period is called."""
    return f"{subscription_ref}:{stamp(period_start)}"
