"""What was paid for a subscription's running period and given back of it: the bound of every credit (SUB-4, CRED-10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from billing.operations.unit import UnitOfWork
from billing.rules.money import share_half_up
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.money_credit import MoneyCreditEntry
from models.subscription import Subscription

_INVOICES = """SELECT external_id, status, finalized_at, amount_paid_minor, credit_applied_minor, refunded_minor, period_start,
                      tax_inclusive, tax_minor, total_minor, lines
               FROM bursar.invoice WHERE subscriber_ref = %(subscriber)s AND subscription_ref = %(subscription)s AND source = 'bursar'
                 AND (period_start >= %(start)s OR finalized_at > %(yesterday)s)"""
_CREDITS = """SELECT id, delta_minor FROM bursar.money_credit_entry
              WHERE subscription_ref = %(subscription)s AND period_start = %(start)s AND kind = 'granted'"""


@dataclass(frozen=True, slots=True)
class PeriodMoney:
    """In minor units of the subscription's currency, as its prices are: without the tax, where that comes on top of them."""

    paid_minor: int
    """By payments, credits and what was left of the period before, less what was refunded."""
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
    given = {one["id"]: int(one["delta_minor"]) for one in unit.committed(_CREDITS, bound)}
    of_this = ("granted", row.external_id, start)
    for known in unit.known:
        if isinstance(known, Invoice) and known.source == OWN_SOURCE and known.subscription_ref == row.external_id:
            invoices[known.external_id] = known.__dict__
        elif isinstance(known, MoneyCreditEntry) and (known.kind, known.subscription_ref, known.period_start) == of_this:
            given[known.id] = known.delta_minor
    of_period = [one for one in invoices.values() if one["period_start"] is not None and one["period_start"] >= start]
    paid = sum(
        share_half_up(
            (one["amount_paid_minor"] or 0) + (one["credit_applied_minor"] or 0) - (one["refunded_minor"] or 0), *_net_of(one)
        )
        - _of_before(one)
        for one in of_period
        if one["status"] == "paid"
    )
    unpaid = sum(share_half_up(one["total_minor"] or 0, *_net_of(one)) for one in of_period if one["status"] == "pending")
    recent = sum(1 for one in invoices.values() if one["finalized_at"] is not None and one["finalized_at"] > yesterday)
    given_up = max(-(row.seats_accrued_minor or 0), 0)  # it will be taken off the next invoice
    net_of = next((_net_of(one) for one in of_period if one["status"] == "paid"), (1, 1))
    credited = share_half_up(sum(given.values()), *net_of) + given_up
    return PeriodMoney(paid, unpaid, credited, len(of_period), len(given), recent, net_of)


def _of_before(invoice: Mapping[str, Any]) -> int:
    """Its lines about the period before: below zero, that has paid for some of this one; above, some of the money is not this one's."""
    return sum(int(line["amount_minor"]) for line in invoice["lines"] or () if line.get("proration") and not line.get("period_start"))


def _net_of(invoice: Mapping[str, Any]) -> tuple[int, int]:
    if invoice["tax_inclusive"] is not False or not invoice["total_minor"]:
        return (1, 1)
    return invoice["total_minor"] - (invoice["tax_minor"] or 0), invoice["total_minor"]
