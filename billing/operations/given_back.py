"""The money of a period goes back once: as credit for what of it was not used, or to its payer (SUB-4, CRED-10, REFUND-1, REFUND-5).

Who left with a credit and then had his payment refunded would have both. So a refund that is asked for here is bounded by what the
credits have left, a credit by what is on its way back (`period_money`), and a refund that somebody made at the provider takes the
credit back as far as it is unspent; of the rest people are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from billing.operations.announce_entitlements import announce_entitlements
from billing.operations.ask_once import ask_once
from billing.operations.money_credit import credit_key, grant_credit
from billing.operations.note_over_credit import note_over_credit
from billing.operations.period_money import credits_of, net_of, pending_back_minor, taken_over_minor
from billing.operations.unit import UnitOfWork
from billing.rules.instants import iso
from billing.rules.money import share_half_up
from models.base import OWN_SOURCE
from models.bulk import as_json
from models.fulfilment import Fulfilment
from models.invoice import Invoice
from models.money_credit import MoneyCredit, MoneyCreditEntry
from models.payment import Payment
from models.subscriber import Subscriber
from models.subscription import Subscription

log = structlog.get_logger(__name__)

KIND = "given_back_twice"
_INVOICES = """SELECT external_id, status, amount_paid_minor, credit_applied_minor, refunded_minor, period_start, tax_inclusive,
                      tax_minor, total_minor, lines
               FROM bursar.invoice WHERE subscriber_ref = %(subscriber)s AND subscription_ref = %(subscription)s AND source = 'bursar'
                 AND period_start >= %(start)s"""

_GIVEN = """SELECT p.subscription, p.start
            FROM json_to_recordset(%(periods)s::json) AS p (subscriber text, subscription text, start timestamptz)
            WHERE EXISTS (SELECT FROM bursar.money_credit_entry WHERE subscription_ref = p.subscription AND period_start = p.start)
               OR EXISTS (SELECT FROM bursar.invoice WHERE subscriber_ref = p.subscriber AND subscription_ref = p.subscription
                          AND source = 'bursar' AND period_start > p.start)"""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Of one period of a subscription, as money, taxes included, in minor units of its currency."""

    paid_minor: int
    """By payments, credits and what was left of the period before."""
    refunded_minor: int
    credited_minor: int
    """Given as credit."""
    taken_over_minor: int
    """What the next period's invoice took off for it."""
    withdrawn_minor: int
    """Of the credits, because a refund came on top."""
    refs: Sequence[str]
    """Its paid invoices."""

    @property
    def as_credit_minor(self) -> int:
        """What of it the subscriber has in another form than money."""
        return self.credited_minor + self.taken_over_minor - self.withdrawn_minor

    @property
    def twice_minor(self) -> int:
        """What went back both ways, what was withdrawn since included."""
        both = self.refunded_minor + self.credited_minor + self.taken_over_minor - self.paid_minor
        return max(0, min(both, self.refunded_minor, self.credited_minor + self.taken_over_minor))


def refundable_minor(unit: UnitOfWork, payment: Payment) -> int | None:
    """What of a locked payment the credits for its period leave to be refunded, less what is on its way; None: they bound nothing."""
    paid_for = unit.find(Fulfilment, payment.source, [payment.external_id]).get(payment.external_id)
    if paid_for is None or paid_for.purpose != "invoice" or not paid_for.purpose_ref:
        return None
    invoice = unit.find(Invoice, OWN_SOURCE, [paid_for.purpose_ref]).get(paid_for.purpose_ref)
    if invoice is None or invoice.status != "paid" or invoice.period_start is None:
        return None
    unit.row(Subscriber, OWN_SOURCE, invoice.subscriber_ref or "")  # whoever gives a credit has it locked
    given = _given_back(unit, invoice)
    as_credit = given.as_credit_minor + _given_up(unit, invoice)
    if not as_credit:
        return None
    left = given.paid_minor - given.refunded_minor - as_credit - pending_back_minor(unit, given.refs)
    return max(0, left) + _unspent_surplus(unit, paid_for)


def take_back_credit(unit: UnitOfWork, invoice: Invoice) -> None:
    """What went back of a locked, paid invoice has changed: no more than was paid for its period has gone back, credits included."""
    if invoice.period_start is None or invoice.subscription_ref is None:
        return
    unit.row(Subscriber, OWN_SOURCE, invoice.subscriber_ref or "")
    if not _could_be_given(unit, invoice):
        return
    given = _given_back(unit, invoice)
    if not given.credited_minor and not given.taken_over_minor:
        return
    more = given.twice_minor - given.withdrawn_minor
    if more > 0:
        balance = unit.row(MoneyCredit, OWN_SOURCE, credit_key(invoice.subscriber_ref, invoice.currency)).balance_minor or 0
        more = min(more, balance, given.credited_minor - given.withdrawn_minor)
    if more:
        reason = "refunded as well" if more > 0 else "its refund failed"
        grant_credit(
            unit, invoice.subscriber_ref or "", invoice.currency or "", -more, kind="adjusted", reason=reason,
            fact=f"refunded:{invoice.external_id}:{given.refunded_minor}:{iso(unit.now)}",
            subscription_ref=invoice.subscription_ref, period_start=invoice.period_start,
        )  # fmt: skip
        announce_entitlements(unit, invoice.subscriber_ref or "")
    if note_over_credit(unit, invoice, given.twice_minor, given.withdrawn_minor + more, kind=KIND):
        log.error(
            KIND, invoice=invoice.external_id, twice_minor=given.twice_minor, taken_back_minor=given.withdrawn_minor + more,
            effect="the payer has his money and has spent the credit for the same period; nothing more was taken from him",
            next_step="docs/runbook/refunds.md: bill the difference by hand, or accept the finding with a reason",
        )  # fmt: skip


def _could_be_given(unit: UnitOfWork, invoice: Invoice) -> bool:
    """Whether its period could have been credited, or taken over by a later one: each payment asks, and hardly any was."""
    subscription, start = invoice.subscription_ref, invoice.period_start
    for known in unit.known:
        if isinstance(known, MoneyCreditEntry) and (known.subscription_ref, known.period_start) == (subscription, start):
            return True
        if isinstance(known, Invoice) and (known.source, known.subscription_ref) == (OWN_SOURCE, subscription) and known is not invoice:
            return True
    return perhaps_given(unit, [invoice])


def perhaps_given(unit: UnitOfWork, invoices: Sequence[Invoice]) -> bool:
    """Whether the periods of any of these, whose subscribers are locked, were credited or taken over before this unit; one query."""

    def ask(new: list[tuple[str, str, datetime]]) -> Iterator[tuple[tuple[str, str, datetime], bool]]:
        periods = [{"subscriber": whose, "subscription": of, "start": start.isoformat()} for whose, of, start in new]
        given = {(row["subscription"], row["start"]) for row in unit.committed(_GIVEN, {"periods": as_json(periods)})}
        return ((key, True) for key in new if key[1:] in given)

    keys = [(row.subscriber_ref or "", row.subscription_ref or "", at) for row in invoices if (at := row.period_start) is not None]
    return any(ask_once(unit, "periods given back", keys, ask).values())


def _given_back(unit: UnitOfWork, invoice: Invoice) -> GivenBack:
    start, subscription = invoice.period_start, invoice.subscription_ref
    bound = {"subscriber": invoice.subscriber_ref, "subscription": subscription, "start": start}
    found: dict[str, Any] = {one["external_id"]: one for one in unit.committed(_INVOICES, bound)}
    entries = credits_of(unit, subscription or "", start) if start else []
    for known in unit.known:
        if isinstance(known, Invoice) and (known.source, known.subscription_ref) == (OWN_SOURCE, subscription):
            found[known.external_id] = known.__dict__
    billed = [one for one in found.values() if one["period_start"] is not None and one["period_start"] >= start]
    paid = [one for one in billed if one["period_start"] == start and one["status"] == "paid"]
    after = min((one["period_start"] for one in billed if one["period_start"] > start), default=None)
    of_price = next((net_of(one) for one in paid if one["total_minor"]), (1, 1))
    taken = sum(taken_over_minor(one) for one in billed if one["period_start"] == after and one["status"] in ("pending", "paid"))
    return GivenBack(
        paid_minor=sum((one["amount_paid_minor"] or 0) + (one["credit_applied_minor"] or 0) + _with_tax(one) for one in paid),
        refunded_minor=sum(one["refunded_minor"] or 0 for one in paid),
        credited_minor=sum(delta for kind, delta in entries if kind == "granted"),
        taken_over_minor=share_half_up(taken, of_price[1], of_price[0]),
        withdrawn_minor=-sum(delta for kind, delta in entries if kind == "adjusted"),
        refs=[one["external_id"] for one in paid],
    )


def _given_up(unit: UnitOfWork, invoice: Invoice) -> int:
    """What the next invoice will take off for seats that were given up within this one's period, if that runs."""
    ref = invoice.subscription_ref or ""
    row = unit.find(Subscription, OWN_SOURCE, [ref]).get(ref)
    if row is None or row.current_period_start != invoice.period_start:
        return 0
    net, total = net_of(invoice.__dict__)
    return share_half_up(max(-(row.seats_accrued_minor or 0), 0), total, net)


def _with_tax(invoice: Mapping[str, Any]) -> int:
    net, total = net_of(invoice)
    return share_half_up(taken_over_minor(invoice), total, net)


def _unspent_surplus(unit: UnitOfWork, paid_for: Fulfilment) -> int:
    """What of the payment the invoice had not needed: a refund takes that first."""
    said = paid_for.metadata_ or {}
    if not said.get("credited_minor"):
        return 0
    balance = unit.row(MoneyCredit, OWN_SOURCE, credit_key(said["credited_to"], paid_for.currency)).balance_minor or 0
    return int(min(said["credited_minor"], balance))
