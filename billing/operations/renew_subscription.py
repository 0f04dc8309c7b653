"""Takes subscriptions over the end of their period: cancelled, changed or renewed, one period after the other (SUB-3, SUB-5, SUB-7).

Set by set for a page of a run: what is read is read once for all, and each renewal writes its period, its invoice and the request
that collects it, no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from billing.operations.catalogue import Offer, offers_of, prices_of
from billing.operations.collect_invoice import collect_invoices, collectable
from billing.operations.end_subscription import end_subscription
from billing.operations.open_period import affordable, after_suspension, full_minor, invoice_ref, next_span, open_period
from billing.operations.parties import know_buyers
from billing.operations.price_next_period import PriceTerms, price_next_period, price_terms
from billing.operations.product_tax import know_products
from billing.operations.tell_subscription import tell_subscription_changed
from billing.operations.unit import UnitOfWork
from billing.operations.wait_for_payer import wait_for_payer
from billing.rules.price_in_force import PriceVersion, price_in_force
from billing.rules.subscription_terms import MOST_PERIODS, cycle_of, go_on, missed
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.subscriber import Subscriber
from models.subscription import Subscription

log = structlog.get_logger(__name__)
_NEVER = datetime(1, 1, 1, tzinfo=UTC)

RENEWED_IN = frozenset({"active", "past_due"})
"""One that waits for the money of the period before is not billed for the next one; `unpaid` and `paused` are not billed at all."""


def renew_subscriptions(unit: UnitOfWork, refs: Sequence[str]) -> list[Invoice]:
    """Take those of the locked subscriptions that are due over their boundaries; the invoices that came of it."""
    rows = [row for row in (unit.row(Subscription, OWN_SOURCE, ref) for ref in refs) if _billable(unit, row) and not _absurd(unit, row)]
    changing = {str(row.pending_change["product_ref"]) for row in rows if row.pending_change}
    products = {row.product_ref for row in rows if row.product_ref} | changing
    offers = offers_of(unit, products)
    terms = price_terms(unit, rows, prices_of(unit, products))
    unit.load((Invoice.NAME, OWN_SOURCE, ref) for ref in map(_sure_invoice, rows) if ref is not None)
    know_products(unit, products)
    know_buyers(unit, {row.subscriber_ref or "" for row in rows})
    issued: list[Invoice] = []
    for row in rows:
        issued += _renew(unit, row, offers, terms)
    collect_invoices(unit, issued)
    for invoice in issued:
        wait_for_payer(unit, unit.row(Subscription, OWN_SOURCE, invoice.subscription_ref or ""), invoice)
    return issued


def due(row: Subscription, now: datetime) -> bool:
    """Whether its next period is to be billed; the locked row is asked, not the query that found it."""
    return row.status in RENEWED_IN and row.parked_at is None and row.next_billing_at is not None and row.next_billing_at <= now


def _billable(unit: UnitOfWork, row: Subscription) -> bool:
    """Whether it is due, and its account may be billed: who is suspended is not, and only what ends with its period is looked at."""
    if not due(row, unit.now):
        return False
    return bool(row.cancel_at_period_end) or unit.row(Subscriber, OWN_SOURCE, row.subscriber_ref or "").suspended_at is None


def _sure_invoice(row: Subscription) -> str | None:
    """The invoice that its renewal will surely have, so that all of a page are looked for at once."""
    if row.cancel_at_period_end or row.pending_change or row.unbilled_until or not full_minor(row) or row.current_period_end is None:
        return None
    return invoice_ref(row.external_id, row.current_period_end)


def _absurd(unit: UnitOfWork, row: Subscription) -> bool:
    """Whether it would be billed for more periods than anybody wants (SUB-14); it is parked then."""
    begun, ends = row.current_period_start, row.current_period_end
    if ends and row.unbilled_until:
        ends = max(ends, row.unbilled_until)
    if row.cancel_at_period_end or (begun and ends and unit.now - ends < (ends - begun) * (MOST_PERIODS // 3)):
        return False  # by far not so many, whatever the months' lengths are
    cycle = cycle_of(row.anchor_at, row.zone, row.cycle_unit, row.cycle_count)
    running = row.cycle_no or 0 if row.unbilled_until is None else max(row.cycle_no or 0, cycle.number_at(row.unbilled_until) - 1)
    count = missed(cycle, running, unit.now)
    if count > MOST_PERIODS:
        park(unit, row, f"{count} periods are due at once, more than {MOST_PERIODS}")
    return count > MOST_PERIODS


def _renew(unit: UnitOfWork, row: Subscription, offers: dict[str, Offer], terms: PriceTerms) -> list[Invoice]:
    subscriber = unit.row(Subscriber, OWN_SOURCE, row.subscriber_ref or "")
    waits = row.collection == "manual" or not collectable(subscriber)
    issued: list[Invoice] = []
    while due(row, unit.now):
        if row.cancel_at_period_end:
            end_subscription(unit, row, "cancelled", at=row.current_period_end or unit.now, because="period_end")
            break
        product_before = row.product_ref
        if row.pending_change and not _change(unit, row, terms.versions):
            break
        price_next_period(unit, row, terms, max(row.current_period_end or unit.now, row.unbilled_until or _NEVER))
        offer = offers.get(row.product_ref or "")
        name = offer.name if offer else row.product_ref or row.external_id
        period, amount = after_suspension(row) or (next_span(row), None)
        row.unbilled_until = None
        invoice = open_period(
            unit, row, period, billing_reason="cycle", name=name, amount_minor=amount, seats_of=product_before, waits=waits
        )
        if invoice is not None:
            issued.append(invoice)
            if waits:
                break  # the next one once this is paid: its money opens the way
    return issued


def _change(unit: UnitOfWork, row: Subscription, prices: list[PriceVersion]) -> bool:
    """Put what was asked for at the period's end in force; whether it could be."""
    wanted, boundary = row.pending_change or {}, row.current_period_end or unit.now
    unit_name, count = str(wanted["cycle_unit"]), int(wanted["cycle_count"])
    found = price_in_force(
        prices, product_ref=str(wanted["product_ref"]), cycle_unit=unit_name, cycle_count=count, currency=row.currency or "", at=boundary
    )
    if not wanted.get("free") and (found is None or not affordable(found.unit_amount_minor, int(wanted["quantity"]))):
        park(unit, row, f"no price of {wanted['product_ref']} is in force for what it was to change to")
        return False
    before = {"product": row.product_ref, "quantity": row.quantity, "price": row.price_ref}
    if (row.cycle_unit, row.cycle_count) != (unit_name, count):
        _count_anew(row, boundary, unit_name, count)
    row.product_ref, row.quantity = str(wanted["product_ref"]), int(wanted["quantity"])
    row.price_ref, row.unit_price_minor = (found.reference, found.unit_amount_minor) if found else (None, 0)
    row.pending_change = None
    after = {"product": row.product_ref, "quantity": row.quantity, "price": row.price_ref, "unit_price_minor": row.unit_price_minor}
    unit.audit("subscription.changed", Subscription.NAME, row.id, before=before, after=after | {"at": "period_end"})
    tell_subscription_changed(unit, row)
    return True


def _count_anew(row: Subscription, boundary: datetime, unit_name: str, count: int) -> None:
    """Another cycle from this period's end on, on the day that was sold (SUB-13)."""
    before, number = cycle_of(row.anchor_at, row.zone, row.cycle_unit, row.cycle_count), (row.cycle_no or 0) + 1
    cycle, first = cycle_of(boundary, row.zone, unit_name, count), 0
    if before.boundary(number) == boundary:
        cycle, first = go_on(before, number, unit_name, count)
    row.anchor_at, row.cycle_no, row.cycle_unit, row.cycle_count = cycle.anchor_at, first - 1, unit_name, count


def park(unit: UnitOfWork, row: Subscription, because: str) -> None:
    """SUB-14: nothing more is billed before a person has looked."""
    row.parked_at, row.parked_because, row.updated_at = unit.now, because, max(row.updated_at, unit.now)
    unit.audit("subscription.parked", Subscription.NAME, row.id, before=None, after={"external_id": row.external_id, "because": because})
    log.error(
        "subscription_parked", subscription=row.external_id, because=because, effect="nothing of it was billed, and nothing will be",
        next_step="look at it with `bursar explain`, then release or end it by command",
    )  # fmt: skip
