"""Changes what somebody subscribes to, now or at the period's end: plan, seats, cycle (SUB-4, SUB-5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from billing.operations.catalogue import Offer
from billing.operations.collect_invoice import collect_invoice, collectable
from billing.operations.credit_unused_part import credit_unused_part
from billing.operations.derive_account_status import derive_later
from billing.operations.follow_subscription_invoice import open_invoices
from billing.operations.issue_invoice import Draft, Line, issue_invoice
from billing.operations.live_seats import live_seats, refuse_fewer_seats
from billing.operations.money_credit import grant_credit
from billing.operations.open_dunning import dun_unpaid_renewal
from billing.operations.open_period import full_minor, open_period
from billing.operations.period_money import PeriodMoney, period_money
from billing.operations.product_tax import know_products
from billing.operations.start_subscription import check_amount, offered_plan, price_for, set_price
from billing.operations.tell_subscription import tell_subscription_changed
from billing.operations.unit import UnitOfWork
from billing.operations.wait_for_payer import wait_for_payer
from billing.rules.commands.base import Rejected
from billing.rules.commands.subscriptions import ChangeSubscription
from billing.rules.instants import span_text
from billing.rules.proration import creditable, difference, unused
from billing.rules.subscription_terms import GRACE, MOST_PERIODS, Span, cycle_of, parts, span, stamp, whole_second
from models.base import OWN_SOURCE
from models.subscriber import Subscriber
from models.subscription import Subscription

_SECOND = timedelta(seconds=1)
_ELSEWHERE = """SELECT source FROM bursar.subscription
                WHERE external_id = %(ref)s AND subscriber_ref = %(subscriber)s AND source IN ('paypal', 'stripe')"""
_CHANGED_BY = {"paypal": "only its payer can change plan, seats or pause, on PayPal's pages; `subscriptions.downgrade` ends it"}


@dataclass(frozen=True, slots=True)
class Terms:
    """What is subscribed to."""

    product_ref: str
    quantity: int
    cycle_unit: str
    cycle_count: int


def terms_of(row: Subscription) -> Terms:
    """As the row stands."""
    return Terms(row.product_ref or "", row.quantity or 1, row.cycle_unit or "month", row.cycle_count or 1)


def own_subscription(unit: UnitOfWork, reference: str, subscriber_ref: str) -> Subscription:
    """This subscriber's subscription.

    Raises:
        Rejected: `unknown_subscription`.
    """
    row = unit.row(Subscription, OWN_SOURCE, reference)
    if row.incomplete or row.subscriber_ref != subscriber_ref:
        raise _not_ours(unit, reference, subscriber_ref)
    return row


def _not_ours(unit: UnitOfWork, reference: str, subscriber_ref: str) -> Rejected:
    """Nobody's, or one that a provider bills: then where it can be changed."""
    message, about = f"{subscriber_ref} has no subscription {reference} that we bill", {"field": "reference"}
    for found in unit.committed(_ELSEWHERE, {"ref": reference, "subscriber": subscriber_ref}):
        about["current"] = found["source"]
        message += f": {found['source']} bills it, and {_CHANGED_BY.get(found['source'], 'it is changed there')}"
    return Rejected("unknown_subscription", message, about)


def refuse_suspended(unit: UnitOfWork, subscriber_ref: str | None) -> None:
    """While an account is suspended, nothing of its subscriptions is billed (DUN-2).

    Raises:
        Rejected: `subscriber_suspended`.
    """
    subscriber = unit.row(Subscriber, OWN_SOURCE, subscriber_ref or "")
    if subscriber.suspended_at is not None:
        raise Rejected("subscriber_suspended", f"{subscriber_ref} is suspended", {"current": subscriber.suspended_because})


def change_subscription(unit: UnitOfWork, command: ChangeSubscription) -> Subscription:
    """The subscription as it is wanted, or with the change that waits for the period's end. Asked for again, it is there already.

    Raises:
        Rejected: see the command's REFUSALS; nothing was changed.
    """
    row = own_subscription(unit, command.reference, command.subscriber_ref)
    known = terms_of(row)
    wanted = Terms(
        command.product or known.product_ref, live_seats(unit, row.subscriber_ref) or command.quantity or known.quantity,
        command.cycle_unit or known.cycle_unit, command.cycle_count or known.cycle_count,
    )  # fmt: skip
    if row.status != "active" or row.parked_at is not None:
        raise Rejected("not_active", f"{row.external_id} is {row.status}", {"current": "parked" if row.parked_at else row.status})
    if row.cancel_at_period_end:
        raise Rejected("ending", f"{row.external_id} ends with its period; reactivate it first", {"current": "cancel_at_period_end"})
    refuse_fewer_seats(unit, row.subscriber_ref, wanted.quantity)
    if command.when == "period_end":
        _at_period_end(unit, row, known, wanted, command.reason)
    elif wanted != known:
        change_now(unit, row, wanted, command.reason)
    elif row.pending_change is not None:
        _at_period_end(unit, row, known, known, command.reason)
    return row


def change_now(unit: UnitOfWork, row: Subscription, wanted: Terms, reason: str | None) -> None:
    """Put other terms of a locked, active subscription in force: the difference is billed, or becomes a credit.

    Raises:
        Rejected: `subscriber_suspended`, `unknown_product`, `not_offered`, `no_price`, `amount_out_of_bounds`, `invoice_open`,
            `too_many_changes`, `taxed_otherwise`.
    """
    refuse_suspended(unit, row.subscriber_ref)  # what cannot be used is not sold
    offer = offered_plan(unit, wanted.product_ref)
    if owed := open_invoices(unit, [row.external_id])[row.external_id]:
        raise Rejected("invoice_open", f"{owed[0]} is to be paid first", {"current": owed})
    money = period_money(unit, row)
    if money.recent >= MOST_PERIODS:
        message = f"{row.external_id} was billed {money.recent} times within a day"
        raise Rejected("too_many_changes", message, {"current": money.recent, "limit": MOST_PERIODS})
    before, old_full = terms_of(row), full_minor(row)
    if old_full and not offer.free and wanted.product_ref != before.product_ref:
        _refuse_other_tax(unit, before.product_ref, wanted.product_ref)
    whole = span(cycle_of(row.anchor_at, row.zone, row.cycle_unit, row.cycle_count), row.cycle_no or 0)
    share = parts(whole, unit.now, row.current_period_end or unit.now)
    again = (before.cycle_unit, before.cycle_count) != (wanted.cycle_unit, wanted.cycle_count)
    row.quantity, row.cycle_unit, row.cycle_count = wanted.quantity, wanted.cycle_unit, wanted.cycle_count
    if again or wanted.product_ref != before.product_ref:
        set_price(unit, row, offer)
    else:
        check_amount(row.unit_price_minor or 0, wanted.quantity)  # his price is locked; only the seats change
    row.pending_change = None
    about = {"price": row.price_ref, "unit_price_minor": row.unit_price_minor, "at": "now", "reason": reason}
    unit.audit("subscription.changed", Subscription.NAME, row.id, before=_json(before), after=_json(wanted) | about)
    tell_subscription_changed(unit, row)
    derive_later(unit, row.subscriber_ref)
    if again:
        _begin_again(unit, row, offer, unused(old_full, *share), money)
    else:
        _settle_difference(unit, row, offer, difference(old_full, full_minor(row), *share), money)


def _refuse_other_tax(unit: UnitOfWork, product_ref: str, wanted: str) -> None:
    """What of a period was paid and not used has the tax that it was paid with: it pays for nothing that is taxed otherwise."""
    known = know_products(unit, [product_ref, wanted])
    if known[product_ref] != known[wanted]:
        message = f"{wanted} is taxed otherwise than {product_ref}: change it at the period's end"
        raise Rejected("taxed_otherwise", message, {"current": product_ref, "field": "product"})


def _settle_difference(unit: UnitOfWork, row: Subscription, offer: Offer, minor: int, money: PeriodMoney) -> None:
    """One line, rounded once, on the full values of before and after (SUB-4)."""
    if minor < 0:
        credit_unused(unit, row, -minor, money)
    if minor <= 0:
        return
    waits = _waits(unit, row)
    number = money.invoices + 1
    line = Line(
        amount_minor=minor, description=offer.name + span_text(unit.now, row.current_period_end or unit.now),
        quantity=row.quantity or 1, price_ref=row.price_ref, product_ref=row.product_ref, subscription_ref=row.external_id,
        period_start=unit.now, period_end=row.current_period_end, proration=True,
    )  # fmt: skip
    row.latest_invoice_ref = f"{row.external_id}:{stamp(row.current_period_start or unit.now)}:{number}"
    invoice = issue_invoice(unit, Draft(
        reference=row.latest_invoice_ref, invoice_type="proration", subscriber_ref=row.subscriber_ref or "", currency=row.currency or "",
        lines=(line,), billing_reason="change", due_at=unit.now + GRACE if waits else unit.now,
        collection="manual" if row.collection == "manual" else "automatic", subscription_ref=row.external_id, product_ref=row.product_ref,
        period_start=row.current_period_start, period_end=row.current_period_end,
    ))  # fmt: skip
    collect_invoice(unit, invoice)
    if waits and invoice.status == "pending":
        dun_unpaid_renewal(unit, invoice)  # reminders; the subscription does not wait for a part of a period that is paid


def _begin_again(unit: UnitOfWork, row: Subscription, offer: Offer, left_minor: int, money: PeriodMoney) -> None:
    """Another cycle begins now; what of the old period was paid and not used is taken off, and what is more than that is a credit."""
    start = max(whole_second(unit.now), (row.current_period_start or unit.now) + _SECOND)
    credit = creditable(left_minor, money.paid_minor, money.credited_minor)
    taken = min(credit, full_minor(row))
    if credit > taken:
        credit_unused(unit, row, credit - taken, money)
    row.anchor_at = start
    whole = span(cycle_of(start, row.zone, row.cycle_unit, row.cycle_count), 0)
    line = Line(amount_minor=-taken, description="unused part of the period before", subscription_ref=row.external_id, proration=True)
    invoice = open_period(
        unit, row, Span(0, start, whole.end), billing_reason="change", name=offer.name, lines=(line,) if taken else (),
        waits=_waits(unit, row),
    )  # fmt: skip
    if invoice is not None:
        collect_invoice(unit, invoice)
        wait_for_payer(unit, row, invoice)


def credit_unused(unit: UnitOfWork, row: Subscription, minor: int, money: PeriodMoney) -> int:
    """Give a credit for what of the running period is not used, never more than was paid for it; how much, with its tax."""
    credit = creditable(minor, money.paid_minor, money.credited_minor)
    if credit:
        fact = f"unused:{row.external_id}:{stamp(row.current_period_start or unit.now)}:{money.credits + 1}"
        credit = money.with_tax(credit)
        grant_credit(
            unit, row.subscriber_ref or "", row.currency or "", credit, fact=fact, reason="unused part of a period",
            subscription_ref=row.external_id, period_start=row.current_period_start,
        )  # fmt: skip
        credit_unused_part(unit, row.subscriber_ref or "", row.external_id, row.current_period_start or unit.now)
    return credit


def _waits(unit: UnitOfWork, row: Subscription) -> bool:
    return row.collection == "manual" or not collectable(unit.row(Subscriber, OWN_SOURCE, row.subscriber_ref or ""))


def _at_period_end(unit: UnitOfWork, row: Subscription, known: Terms, wanted: Terms, reason: str | None) -> None:
    """The newest wish counts; the terms as they are take an earlier one back."""
    change: dict[str, Any] | None = None
    if wanted != known:
        offer = offered_plan(unit, wanted.product_ref)
        price_for(unit, offer, wanted.cycle_unit, wanted.cycle_count, row.currency or "", wanted.quantity)
        change = _json(wanted) | {"free": offer.free}
    if change == row.pending_change:
        return
    before, row.pending_change = row.pending_change, change
    after = {"pending_change": change, "at": "period_end", "reason": reason}
    unit.audit("subscription.change_planned", Subscription.NAME, row.id, before={"pending_change": before}, after=after)
    derive_later(unit, row.subscriber_ref)


def _json(terms: Terms) -> dict[str, Any]:
    return {
        "product_ref": terms.product_ref, "quantity": terms.quantity, "cycle_unit": terms.cycle_unit, "cycle_count": terms.cycle_count
    }  # fmt: skip
