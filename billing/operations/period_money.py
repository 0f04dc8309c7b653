"""What was paid for a subscription's running period and given back of it: the bound of every credit (SUB-4, CRED-10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from billing.operations.unit import UnitOfWork
from billing.rules.money import share_half_up
from billing.rules.refund import pending_minor
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.money_credit import MoneyCreditEntry
from models.payment import Payment
from models.subscription import Subscription

_INVOICES = """SELECT external_id, status, finalized_at, amount_paid_minor, credit_applied_minor, refunded_minor, period_start,
                      tax_inclusive, tax_minor, total_minor, lines
               FROM bursar.invoice WHERE subscriber_ref = %(subscriber)s AND subscription_ref = %(subscription)s AND source = 'bursar'
                 AND (period_start >= %(start)s OR finalized_at > %(yesterday)s)"""
_CREDITS = """SELECT id, kind, delta_minor FROM bursar.money_credit_entry
              WHERE subscription_ref = %(subscription)s AND period_start = %(start)s"""
_BEFORE = """SELECT tax_inclusive, tax_minor, total_minor FROM bursar.invoice
             WHERE subscriber_ref = %(subscriber)s AND subscription_ref = %(subscription)s AND source = 'bursar' AND status = 'paid'
               AND total_minor > 0 AND period_start < %(start)s ORDER BY period_start DESC, finalized_at DESC LIMIT 1"""
_ON_THEIR_WAY = """SELECT p.source, p.external_id, p.refund_requests,
                          coalesce((f.metadata ->> 'credited_minor')::bigint, 0) AS surplus_minor
                   FROM bursar.fulfilment f JOIN bursar.payment p ON p.source = f.source AND p.external_id = f.external_id
                   WHERE f.purpose = 'invoice' AND f.purpose_ref = ANY (%(refs)s)"""


@dataclass(frozen=True, slots=True)
class PeriodMoney:
    """In minor units of the subscription's currency, as its prices are: without the tax, where that comes on top of them."""

    paid_minor: int
    """By payments, credits and what was left of the period before, less what was refunded or is on its way back."""
    unpaid_minor: int
    """Of its invoices that wait for money; what has come of one is given back when that is void."""
    credited_minor: int
    """Given back as credits before."""
    invoices: int
    """How many there are of this period."""
    credits: int
    recent: int
    """How many invoices there were within a day (SUB-14)."""
    net_of: tuple[int, int] = (1, 1)
    """What of how much is the price, where tax came on top of it."""

    def with_tax(self, minor: int) -> int:
        """What an amount in terms of prices is in money, as it was paid."""
        return share_half_up(minor, self.net_of[1], self.net_of[0])


def period_money(unit: UnitOfWork, row: Subscription) -> PeriodMoney:
    """Of the running period of a locked subscription, what this unit has in hand included."""
    start = row.current_period_start or unit.now
    yesterday = unit.now - timedelta(days=1)
    bound = {"subscriber": row.subscriber_ref, "subscription": row.external_id, "start": start, "yesterday": yesterday}
    invoices: dict[str, Any] = {one["external_id"]: one for one in unit.committed(_INVOICES, bound)}
    given = [minor for kind, minor in credits_of(unit, row.external_id, start) if kind in ("granted", "adjusted")]
    for known in unit.known:
        if isinstance(known, Invoice) and known.source == OWN_SOURCE and known.subscription_ref == row.external_id:
            invoices[known.external_id] = known.__dict__
    of_period = [one for one in invoices.values() if one["period_start"] is not None and one["period_start"] >= start]
    paid = sum(
        share_half_up(
            (one["amount_paid_minor"] or 0) + (one["credit_applied_minor"] or 0) - (one["refunded_minor"] or 0), *net_of(one)
        )
        - _of_before(one)
        for one in of_period
        if one["status"] == "paid"
    )
    back = pending_back_minor(unit, [one["external_id"] for one in of_period if one["status"] == "paid"])
    unpaid = sum(share_half_up(one["total_minor"] or 0, *net_of(one)) for one in of_period if one["status"] == "pending")
    recent = sum(1 for one in invoices.values() if one["finalized_at"] is not None and one["finalized_at"] > yesterday)
    given_up = max(-(row.seats_accrued_minor or 0), 0)  # it will be taken off the next invoice
    of_price = next((net_of(one) for one in of_period if one["status"] == "paid" and one["total_minor"]), None) or _net_before(unit, bound)
    credited = share_half_up(sum(given), *of_price) + given_up
    paid -= share_half_up(back, *of_price)
    return PeriodMoney(paid, unpaid, credited, len(of_period), len(given), recent, of_price)


def credits_of(unit: UnitOfWork, subscription_ref: str, start: datetime) -> list[tuple[str, int]]:
    """(kind, minor units) of what the subscriber's credit had and lost for that period, what this unit has in hand included."""
    bound = {"subscription": subscription_ref, "start": start}
    found = {one["id"]: (str(one["kind"]), int(one["delta_minor"])) for one in unit.committed(_CREDITS, bound)}
    for known in unit.known:
        if isinstance(known, MoneyCreditEntry) and (known.subscription_ref, known.period_start) == (subscription_ref, start):
            found[known.id] = (known.kind, known.delta_minor)
    return list(found.values())


def _of_before(invoice: Mapping[str, Any]) -> int:
    """Its lines about the period before: below zero, that has paid for some of this one; above, some of the money is not this one's."""
    return sum(int(line["amount_minor"]) for line in invoice["lines"] or () if line.get("proration") and not line.get("period_start"))


def taken_over_minor(invoice: Mapping[str, Any]) -> int:
    """What of the period before has paid for an invoice's: its lines below zero about that."""
    lines = [line for line in invoice["lines"] or () if line.get("proration") and not line.get("period_start")]
    return sum(max(0, -int(line["amount_minor"])) for line in lines)


def pending_back_minor(unit: UnitOfWork, invoice_refs: Sequence[str]) -> int:
    """What refunds that are asked for and not made yet will take from these paid invoices; what was paid beyond them goes first."""
    if not invoice_refs:
        return 0
    known = {(row.source, row.external_id): row for row in unit.known if isinstance(row, Payment)}
    total = 0
    for one in unit.committed(_ON_THEIR_WAY, {"refs": list(invoice_refs)}):
        payment = known.get((one["source"], one["external_id"]))
        asked = one["refund_requests"] if payment is None else payment.refund_requests
        total += max(0, pending_minor(asked) - int(one["surplus_minor"]))
    return total


def _net_before(unit: UnitOfWork, bound: Mapping[str, Any]) -> tuple[int, int]:
    """What the period before took over has the tax that was paid with that one."""
    return next((net_of(one) for one in unit.committed(_BEFORE, bound)), (1, 1))


def net_of(invoice: Mapping[str, Any]) -> tuple[int, int]:
    """What of how much is its price, where tax came on top of it."""
    if invoice["tax_inclusive"] is not False or not invoice["total_minor"]:
        return (1, 1)
    return invoice["total_minor"] - (invoice["tax_minor"] or 0), invoice["total_minor"]
