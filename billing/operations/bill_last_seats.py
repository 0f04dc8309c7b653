"""What the seats of a subscription that ends still cost is a last invoice, what they gave back a credit (SEAT-2, SEAT-7).

An invoice that is void with its subscription may hold what seats came to in the period before. That one ran and was used, so it is
owed all the same. Seats of a period that nobody has paid are let go with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.collect_invoice import collect_invoice
from billing.operations.credit_unused_part import credit_unused_part
from billing.operations.issue_invoice import Draft, Line, issue_invoice
from billing.operations.money_credit import grant_credit
from billing.operations.unit import UnitOfWork
from billing.rules.money import share_half_up
from models.invoice import Invoice
from models.subscription import Subscription

_PERIODS = """SELECT period_start, coalesce(seats_minor, 0) AS seats_minor FROM bursar.subscription_period
              WHERE subscription_ref = %(ref)s AND source = 'bursar' AND invoice_ref = ANY (%(lost)s)"""

_PAID = """SELECT period_start, total_minor, tax_minor, tax_inclusive FROM bursar.invoice
           WHERE subscriber_ref = %(subscriber)s AND subscription_ref = %(ref)s AND source = 'bursar' AND status = 'paid'
             AND total_minor > 0 AND period_start IS NOT NULL ORDER BY period_start DESC, finalized_at DESC LIMIT 1"""


def bill_last_seats(unit: UnitOfWork, row: Subscription, *, lost: Sequence[str] = ()) -> Invoice | None:
    """The last invoice of a locked subscription that ends now, if there is anything to pay.

    Args:
        unit: the transaction; the subscriber is locked.
        row: the subscription.
        lost: its invoices that are void with it.
    """
    accrued, row.seats_accrued_minor = row.seats_accrued_minor or 0, None
    periods = unit.committed(_PERIODS, {"ref": row.external_id, "lost": list(lost)}) if lost else []
    if accrued > 0 and any(one["period_start"] == row.current_period_start for one in periods):
        about = {"minor": accrued, "currency": row.currency, "because": "the period that they were added in is not owed"}
        unit.audit("subscription.seats_written_down", Subscription.NAME, row.id, before={"accrued_minor": accrued}, after=about)
        accrued = 0
    accrued += sum(int(one["seats_minor"]) for one in periods)
    if accrued < 0:
        _give_back(unit, row, -accrued)
    return _last(unit, row, accrued) if accrued > 0 else None


def _give_back(unit: UnitOfWork, row: Subscription, minor: int) -> None:
    """With the tax that was paid on it, and a credit note for what was billed."""
    subscriber_ref, start = row.subscriber_ref or "", row.current_period_start
    paid = unit.committed(_PAID, {"subscriber": subscriber_ref, "ref": row.external_id})
    if paid:
        start, total = paid[0]["period_start"], int(paid[0]["total_minor"])
        if paid[0]["tax_inclusive"] is False:
            minor = share_half_up(minor, total, total - int(paid[0]["tax_minor"] or 0))
    grant_credit(
        unit, subscriber_ref, row.currency or "", minor, fact=f"seats:{row.external_id}:final",
        reason="seats given up within the last period", subscription_ref=row.external_id, period_start=start,
    )  # fmt: skip
    if start is not None:
        credit_unused_part(unit, subscriber_ref, row.external_id, start)


def _last(unit: UnitOfWork, row: Subscription, minor: int) -> Invoice:
    line = Line(
        amount_minor=minor, description="seats added within the last period", quantity=row.quantity or 1, price_ref=row.price_ref,
        product_ref=row.product_ref, subscription_ref=row.external_id, period_end=row.current_period_end, proration=True,
    )  # fmt: skip
    # No invoice of the subscription by its head: the end of that one voids what nobody has paid for it.
    invoice = issue_invoice(unit, Draft(
        reference=f"{row.external_id}:final-seats", invoice_type="custom", subscriber_ref=row.subscriber_ref or "",
        currency=row.currency or "", lines=(line,), billing_reason="manual", due_at=unit.now, product_ref=row.product_ref,
        collection="manual" if row.collection == "manual" else "automatic", reason="seats that were not billed yet",
    ))  # fmt: skip
    collect_invoice(unit, invoice)
    return invoice
