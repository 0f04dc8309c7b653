"""What follows when an invoice of our own for a subscription is paid: its period is settled, the subscription runs (SUB-1, SUB-7)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.move_own import move_own
from billing.operations.open_usage_period import carry_usage
from billing.operations.reset_credits import carry_credits
from billing.operations.settle_period import settle_period
from billing.operations.subscription_promo import use_promo
from billing.operations.unit import UnitOfWork
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscription import Subscription

GRANTING = frozenset({"create", "cycle"})
"""Billing reasons whose payment opens a period (CRED-12); a change within one refills nothing."""

_OPEN = """SELECT subscription_ref, external_id FROM bursar.invoice
           WHERE subscription_ref = ANY (%(refs)s) AND source = 'bursar' AND status = 'pending'"""
OWING = frozenset({"past_due", "pending_renewal", "unpaid"})


def subscription_paid(unit: UnitOfWork, invoice: Invoice) -> None:
    """`ON_PAID` of the types `subscription` and `proration`."""
    if invoice.subscription_ref is None:
        return
    row = unit.row(Subscription, OWN_SOURCE, invoice.subscription_ref)
    if row.incomplete:
        return
    use_promo(unit, row, invoice)
    if invoice.billing_reason in GRANTING and invoice.period_start is not None:
        because = "invoice_paid" if invoice.total_minor else "nothing_owed"
        settle_period(unit, row, invoice.period_start, because, invoice_ref=invoice.external_id)
    elif invoice.invoice_type == "subscription" and invoice.period_start is not None:
        carry_credits(unit, row, invoice.period_start)
        carry_usage(unit, row, invoice.period_start)
    if row.status == "pending":
        row.grace_until = None
        move_own(unit, row, "active", because="paid", invoice=invoice.external_id)
    elif row.status in OWING:
        recover_later(unit, row.external_id)


def recover_later(unit: UnitOfWork, subscription_ref: str | None) -> None:
    """An invoice of it is paid, or owed no longer: if nothing else is, it runs again."""
    if subscription_ref is not None:
        unit.later(_recover, subscription_ref)


def _recover(unit: UnitOfWork, refs: Sequence[str]) -> None:
    """Those that owe nothing any more run again; of one that waits for its renewal only that counts."""
    owed = open_invoices(unit, refs)
    for ref in refs:
        row = unit.row(Subscription, OWN_SOURCE, ref)
        waits = row.latest_invoice_ref in owed[ref] if row.status == "pending_renewal" else bool(owed[ref])
        if row.status in OWING and not waits:
            unit.again(ref)
            row.grace_until = None
            move_own(unit, row, "active", because="nothing_owed")


def open_invoices(unit: UnitOfWork, refs: Sequence[str]) -> dict[str, list[str]]:
    """Subscription -> its invoices that wait for money, as this unit leaves them; one query. Their subscribers are to be locked."""
    seen = {row.external_id: row for row in unit.known if isinstance(row, Invoice) and row.source == OWN_SOURCE}
    found: dict[str, list[str]] = {ref: [] for ref in refs}
    for one in unit.committed(_OPEN, {"refs": list(refs)}):
        if one["external_id"] not in seen:
            found[one["subscription_ref"]].append(one["external_id"])
    for row in seen.values():
        if row.status == "pending" and row.subscription_ref in found:
            found[row.subscription_ref].append(row.external_id)
    return {ref: sorted(names) for ref, names in found.items()}
