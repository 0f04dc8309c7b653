"""Works out the tax of an invoice of ours and freezes it with the invoice (TAX-5): how it is taxed, and what of the total it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from billing.operations.parties import bill_tos, seller_of, taxed_buyer, taxed_seller
from billing.operations.tax_rates import rates_of
from billing.operations.unit import UnitOfWork
from billing.rules.instants import span_text
from billing.rules.paper.document import Tax
from billing.rules.tax.breakdown import BrokenDown, Item, MixedTaxError, break_down
from billing.rules.tax.rates import NoRateError
from billing.rules.tax.sold_as import kept_as
from billing.rules.tax.treatment import treat
from models.base import OWN_SOURCE
from models.invoice import Invoice
from models.seller import Seller
from models.subscriber import Subscriber

_INSTANT = timedelta(microseconds=1)


def tax_invoice(unit: UnitOfWork, row: Invoice, at: datetime) -> None:
    """Fill tax and breakdown of a new invoice whose lines, discount and total are set; prices without tax get it on top.

    Without a seller nothing is taxed. Without a rate the invoice keeps its total, and its paper waits for the rate (`issue_document`);
    and so does one whose lines no single paper may hold: none of these has any tax.

    Raises:
        NoRateError: prices are without tax, and the tax is not known: nothing is billed at a price that nobody can tell.
    """
    seller = seller_of(unit)
    if seller is None or not row.total_minor:
        return
    row.tax_inclusive = seller.prices != "exclusive"
    try:
        taxes = how_taxed(unit, seller, row, seller_day(seller, at))
        freeze(row, taxes, broken_down(row, taxes))
    except NoRateError:
        if not row.tax_inclusive:
            raise
    except MixedTaxError:
        return


def why_untaxed(unit: UnitOfWork, row: Invoice) -> tuple[str, str] | None:
    """(code, for people) why a new invoice has no tax and its paper would wait; None: it has, or needs none."""
    seller = seller_of(unit)
    if seller is None or row.taxes is not None or not row.total_minor:
        return None
    try:
        broken_down(row, how_taxed(unit, seller, row, seller_day(seller, unit.now)))
    except MixedTaxError as error:
        return "mixed_tax", str(error)
    except NoRateError as error:
        return "no_tax_rate", str(error)
    return None


def how_taxed(unit: UnitOfWork, seller: Seller, row: Invoice, on: date) -> list[Tax]:
    """How each line of the invoice is taxed on that day: by what is sold, to whom.

    Raises:
        NoRateError: no rate is known for the place and day, or there is no such place.
    """
    subscriber_ref = row.subscriber_ref or ""
    subscriber = unit.row(Subscriber, OWN_SOURCE, subscriber_ref)
    bill_to = bill_tos(unit, [subscriber_ref]).get(subscriber_ref)
    sold = [kept_as(line.get("sold_as")) for line in row.lines or ()]
    found: list[Tax] = []
    try:
        buyer = taxed_buyer(seller, subscriber, bill_to, unit.now)
        for number, one in enumerate(sold):
            same = next((found[before] for before in range(number) if sold[before] == one), None)
            found.append(same or treat(taxed_seller(seller), buyer, one, on, rates=rates_of(unit)))
    except ValueError as error:
        raise NoRateError(f"{subscriber_ref}: {error}") from None
    return found


def freeze(row: Invoice, taxes: Sequence[Tax], broken: BrokenDown) -> None:
    """Keep the breakdown, and which lines each part is of; the totals follow where tax comes on top."""
    row.taxes = [
        asdict(part) | {"lines": [number for number, tax in enumerate(taxes, 1) if _key(tax) == _key(part.tax)]} for part in broken.taxes
    ]
    row.tax_minor = broken.tax_minor
    if not row.tax_inclusive:
        row.total_minor = row.amount_due_minor = row.amount_remaining_minor = broken.total_minor


def broken_down(row: Invoice, taxes: Sequence[Tax], *, zone: str = "UTC", language: str = "en") -> BrokenDown:
    """The invoice's lines, each with its tax. Days of periods are those of `zone`; the last one is included.

    Raises:
        MixedTaxError: no single paper may hold these lines.
    """
    items = [_item(one, tax, ZoneInfo(zone)) for one, tax in zip(row.lines or (), taxes, strict=True)]
    reason = "Reducere" if language == "ro" else "Discount"
    return break_down(items, row.discount_minor or 0, row.tax_inclusive is not False, discount_reason=reason)


def frozen_taxes(row: Invoice) -> list[Tax] | None:
    """How each line was taxed when the invoice was issued; None: it was not looked at."""
    if not row.taxes:
        return None
    by_line = {number: part["tax"] for part in row.taxes for number in part.get("lines", ())}
    return [Tax(**by_line.get(number, row.taxes[0]["tax"])) for number in range(1, len(row.lines or ()) + 1)]


def _key(tax: Tax) -> tuple[str, int]:
    """What makes a part of its own in a breakdown."""
    return tax.category, tax.rate


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
