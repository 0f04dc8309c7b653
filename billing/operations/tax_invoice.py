"""Works out the tax of an invoice of ours and freezes it with the invoice (TAX-5): how it is taxed, and what of the total it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from billing.operations.parties import bill_tos, seller_of, taxed_buyer, taxed_seller
from billing.operations.tax_rates import rates_of
from billing.operations.unit import UnitOfWork
from billing.rules.instants import span_text
from billing.rules.paper.document import Tax
from billing.rules.tax.breakdown import BrokenDown, Item, break_down
from billing.rules.tax.rates import NoRateError
from billing.rules.tax.treatment import treat
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.seller import Seller
from models.subscriber import Subscriber

_INSTANT = timedelta(microseconds=1)


def tax_invoice(unit: UnitOfWork, row: Invoice, at: datetime) -> None:
    """Fill tax and breakdown of a new invoice whose lines, discount and total are set; prices without tax get it on top.

    Without a seller nothing is taxed. Without a rate the invoice keeps its total, and its paper waits for the rate (`issue_document`).

    Raises:
        NoRateError: prices are without tax, and the tax is not known: nothing is billed at a price that nobody can tell.
    """
    seller = seller_of(unit)
    if seller is None or not row.total_minor:
        return
    row.tax_inclusive = seller.prices != "exclusive"
    try:
        tax = how_taxed(unit, seller, row.subscriber_ref or "", seller_day(seller, at))
    except NoRateError:
        if not row.tax_inclusive:
            raise
        return
    freeze(row, broken_down(row, tax))


def how_taxed(unit: UnitOfWork, seller: Seller, subscriber_ref: str, on: date) -> Tax:
    """How services of that seller to that subscriber are taxed on that day.

    Raises:
        NoRateError: no rate is known for the place and day, or there is no such place.
    """
    subscriber = unit.row(Subscriber, OWN_SOURCE, subscriber_ref)
    bill_to = bill_tos(unit, [subscriber_ref]).get(subscriber_ref)
    try:
        buyer = taxed_buyer(seller, subscriber, bill_to, unit.now)
        return treat(taxed_seller(seller), buyer, "service", "standard", on, rates=rates_of(unit))
    except ValueError as error:
        raise NoRateError(f"{subscriber_ref}: {error}") from None


def freeze(row: Invoice, broken: BrokenDown) -> None:
    """Keep the breakdown; the totals follow where tax comes on top."""
    row.taxes = [asdict(part) for part in broken.taxes]
    row.tax_minor = broken.tax_minor
    if not row.tax_inclusive:
        row.total_minor = row.amount_due_minor = row.amount_remaining_minor = broken.total_minor


def broken_down(row: Invoice, tax: Tax, *, zone: str = "UTC", language: str = "en") -> BrokenDown:
    """The invoice's lines with this tax. Days of periods are those of `zone`; the last one is included."""
    items = [_item(one, tax, ZoneInfo(zone)) for one in row.lines or ()]
    reason = "Reducere" if language == "ro" else "Discount"
    return break_down(items, row.discount_minor or 0, row.tax_inclusive is not False, discount_reason=reason)


def frozen_tax(row: Invoice) -> Tax | None:
    """How the invoice was taxed when it was issued; None: it was not looked at."""
    return Tax(**row.taxes[0]["tax"]) if row.taxes else None


def seller_day(seller: Seller, at: datetime) -> date:
    """The day that it is for the seller, by whose calendar papers are dated."""
    return at.astimezone(ZoneInfo(seller.zone or "UTC")).date()


def _item(one: Mapping[str, Any], tax: Tax, zone: ZoneInfo) -> Item:
    start, end = one.get("period_start"), one.get("period_end")
    # The paper has the period beside the words.
    said = span_text(datetime.fromisoformat(start), datetime.fromisoformat(end)) if start and end else ""
    return Item(
        description=str(one["description"]).removesuffix(said), amount_minor=int(one["amount_minor"]), tax=tax,
        quantity=int(one.get("quantity") or 1),
        period_start_on=datetime.fromisoformat(start).astimezone(zone).date() if start else None,
        period_end_on=(datetime.fromisoformat(end) - _INSTANT).astimezone(zone).date() if start and end else None,
        reference=one.get("product_ref"),
    )  # fmt: skip
