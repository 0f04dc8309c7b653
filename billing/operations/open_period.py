"""Opens one period of a subscription that we bill: its row, which the database lets exist once, and its invoice (SUB-3)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from billing.operations.issue_invoice import Draft, Line, issue_invoice
from billing.operations.open_usage_period import carry_usage
from billing.operations.settle_period import settle_period
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import MOST_MINOR
from billing.rules.instants import span_text
from billing.rules.money import share_half_up
from billing.rules.subscription_terms import GRACE, Span, cycle_of, parts, span, stamp, whole_second
from core.ids import new_id
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.plain import new_row
from models.subscription import Subscription
from models.subscription_period import SubscriptionPeriod


def full_minor(row: Subscription) -> int:
    """What a whole period costs, in minor units of its currency: the locked price times the seats."""
    return (row.unit_price_minor or 0) * (row.quantity or 1)


def invoice_ref(subscription_ref: str, start: datetime) -> str:
    """The reference of the invoice of the period that begins then."""
    return f"{subscription_ref}:{stamp(start)}"


def open_period(
    unit: UnitOfWork, row: Subscription, period: Span, *, billing_reason: Literal["create", "cycle", "change"], name: str,
    amount_minor: int | None = None, lines: tuple[Line, ...] = (), discount_minor: int = 0, seats_of: str | None = None,
    waits: bool = False,
) -> Invoice | None:  # fmt: skip
    """Bill a period of a locked subscription and make it the running one; its invoice, or None where it costs nothing.

    Args:
        unit: the transaction; the subscriber is locked.
        row: the subscription, with price, seats and cycle as they are for this period.
        period: which.
        billing_reason: `create` for its first, `cycle` for the next; only these settle a period (CRED-12). `change`: begun anew within it.
        name: what the invoice's line calls it.
        amount_minor: of its line; None: the whole price.
        lines, discount_minor: further ones, such as what of the plan before was not used; what is taken off.
        seats_of: the product of the period before, if it was another: what its seats came to is taxed as that is sold.
        waits: whether the subscriber pays it himself: then it is due when its grace ends (SUB-7).

    Raises:
        ValueError: lines and discount come to less than zero.
    """
    row.cycle_no, row.current_period_start, row.current_period_end = period.number, period.start, period.end
    row.next_billing_at, row.updated_at = period.end, max(row.updated_at, unit.now)
    amount = full_minor(row) if amount_minor is None else amount_minor
    seats = _accrued(row, amount + sum(line.amount_minor for line in lines) - discount_minor, seats_of or row.product_ref)
    lines += seats
    invoice = None
    if amount or lines:
        first = Line(
            amount_minor=amount, description=name + span_text(period.start, period.end), quantity=row.quantity or 1,
            price_ref=row.price_ref, product_ref=row.product_ref, subscription_ref=row.external_id,
            period_start=period.start, period_end=period.end,
        )  # fmt: skip
        row.latest_invoice_ref = invoice_ref(row.external_id, period.start)
        invoice = issue_invoice(unit, Draft(
            reference=row.latest_invoice_ref, invoice_type="subscription", subscriber_ref=row.subscriber_ref or "",
            currency=row.currency or "", lines=(first, *lines), billing_reason=billing_reason,
            due_at=unit.now + GRACE if waits else unit.now, collection="manual" if row.collection == "manual" else "automatic",
            discount_minor=discount_minor, subscription_ref=row.external_id, product_ref=row.product_ref,
            period_start=period.start, period_end=period.end,
        ))  # fmt: skip
    unit.add(new_row(
        SubscriptionPeriod, id=new_id(unit.now), source=OWN_SOURCE, subscription_ref=row.external_id, period_start=period.start,
        period_end=period.end, cycle_no=period.number, quantity=row.quantity, unit_price_minor=row.unit_price_minor, currency=row.currency,
        price_ref=row.price_ref, invoice_ref=invoice.external_id if invoice else None,
        seats_minor=seats[0].amount_minor if seats else None, opened_at=unit.now,
    ))  # fmt: skip
    if invoice is None:
        _free(unit, row, period.start, changed=billing_reason == "change")
    return invoice


def _free(unit: UnitOfWork, row: Subscription, start: datetime, *, changed: bool) -> None:
    """Nobody will pay for it, so what follows from that follows now."""
    if changed:
        carry_usage(unit, row, start)
    else:
        settle_period(unit, row, start, "nothing_owed")


def _accrued(row: Subscription, most_minor: int, product_ref: str | None) -> tuple[Line, ...]:
    """What seats came to within the periods before (SEAT-2). What takes off more than there is to pay waits for the next period."""
    minor = max(row.seats_accrued_minor or 0, -most_minor)
    if not minor:
        return ()
    row.seats_accrued_minor = (row.seats_accrued_minor or 0) - minor or None
    text = "seats added within the period before" if minor > 0 else "seats given up within the period before"
    return (Line(amount_minor=minor, description=text, product_ref=product_ref, subscription_ref=row.external_id, proration=True),)


def next_span(row: Subscription) -> Span:
    """The period after the running one, as the anchor counts them; it begins where that one ends, so that none is left out."""
    cycle = cycle_of(row.anchor_at, row.zone, row.cycle_unit, row.cycle_count)
    number = (row.cycle_no if row.cycle_no is not None else -1) + 1
    return Span(number, row.current_period_end or cycle.boundary(number), cycle.boundary(number + 1))


def after_suspension(row: Subscription) -> tuple[Span, int] | None:
    """The next period where an account was suspended over its beginning, and its share of the price: it begins when the suspension was
    lifted and ends on the day on which it would have ended. None: nothing is to be left out.
    """
    until = row.unbilled_until
    if until is None or row.current_period_end is None or until <= row.current_period_end:
        return None
    start, cycle = whole_second(until), cycle_of(row.anchor_at, row.zone, row.cycle_unit, row.cycle_count)
    whole = span(cycle, cycle.number_at(start))
    return Span(whole.number, start, whole.end), share_half_up(full_minor(row), *parts(whole, start, whole.end))


def affordable(unit_minor: int, quantity: int) -> bool:
    """Whether a period's price is within what one command may ask for (PAY-12)."""
    return unit_minor * quantity <= MOST_MINOR
