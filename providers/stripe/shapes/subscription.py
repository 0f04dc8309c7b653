"""Stripe's subscriptions of all API versions -> facts (the period moved to the items in 2025-03-31.basil)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from billing.rules.facts.base import UNSET, Unset
from billing.rules.facts.event import Event
from billing.rules.facts.subscription import SubscriptionFact
from billing.rules.instants import iso
from billing.rules.states import SUBSCRIPTION
from providers import fields
from providers.stripe.shapes import money_in
from providers.stripe.shapes import reading as read

_UNITS = frozenset({"day", "week", "month", "year"})


def subscription(event: Event) -> SubscriptionFact:
    """The subscription. A `deleted` event's snapshot is cancelled, whatever status old versions show in it."""
    obj = event.object
    provider_status = fields.optional(obj, "status") or "active"
    status = SUBSCRIPTION.read(provider_status)
    if event.type == "customer.subscription.deleted" and status not in ("cancelled", "expired"):
        status = "cancelled"
    items = [_item(item) for item in read.listed(obj, "items")]
    unit, count = _cycle(obj)
    return SubscriptionFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=money_in.status_version(event, SUBSCRIPTION, status),
        status=status,
        provider_status=provider_status,
        customer_ref=money_in.customer_of(obj),
        account_ref=event.account or UNSET,
        currency=_currency(obj),
        cycle_unit=unit,
        cycle_count=count,
        quantity=_quantity(obj, items),
        items=items if "items" in obj else UNSET,
        current_period_start=_period(obj, "current_period_start", newest=False),
        current_period_end=_period(obj, "current_period_end", newest=True),
        started_at=read.instant(obj, "start_date") if "start_date" in obj else read.instant(obj, "start"),
        trial_start_at=read.instant(obj, "trial_start"),
        trial_end_at=read.instant(obj, "trial_end"),
        cancel_at_period_end=read.flag(obj, "cancel_at_period_end"),
        cancel_at=read.instant(obj, "cancel_at"),
        cancelled_at=read.instant(obj, "canceled_at"),
        cancellation_reason=fields.text(fields.mapping(obj, "cancellation_details"), "reason"),
        ended_at=read.instant(obj, "ended_at"),
        collection_method=money_in.first(fields.text(obj, "collection_method"), fields.text(obj, "billing")),
        latest_invoice_ref=read.ref(obj, "latest_invoice"),
        default_payment_method_ref=read.ref(obj, "default_payment_method"),
        plan_ref=_plan_ref(obj),
        metadata_=read.metadata(obj),
        provider_created_at=read.instant(obj, "created"),
    )


def _price(of: read.Json) -> read.Json:
    """The price of an item or of a whole old subscription; before prices it was called plan."""
    return (
        fields.mapping(of, "price")
        if isinstance(of.get("price"), dict)
        else fields.mapping(of, "plan")
        if isinstance(of.get("plan"), dict)
        else {}
    )


def _item(item: read.Json) -> dict[str, Any]:
    price = _price(item)
    amount = fields.whole(price, "unit_amount") if "unit_amount" in price else fields.whole(price, "amount")
    product = read.ref(price, "product")
    start, end = read.instant(item, "current_period_start"), read.instant(item, "current_period_end")
    currency = read.currency(price)
    quantity = fields.whole(item, "quantity")
    return {
        "id": fields.optional(item, "id"),
        "price_ref": fields.optional(price, "id"),
        "product_ref": product if isinstance(product, str) else None,
        "quantity": quantity if isinstance(quantity, int) else None,
        "unit_amount_minor": amount if isinstance(amount, int) else None,
        "currency": currency if isinstance(currency, str) else None,
        "period_start": iso(start) if isinstance(start, datetime) else None,
        "period_end": iso(end) if isinstance(end, datetime) else None,
    }


def _quantity(obj: read.Json, items: Sequence[Mapping[str, Any]]) -> int | Unset | None:
    """The subscription's own, or the sum of its items'."""
    if "quantity" in obj:
        return fields.whole(obj, "quantity")
    return money_in.total(item["quantity"] for item in items) if items else UNSET


def _period(obj: read.Json, name: str, *, newest: bool) -> datetime | Unset | None:
    """The subscription's own period, or the widest of its items'."""
    if name in obj:
        return read.instant(obj, name)
    found = money_in.instants(read.instant(item, name) for item in read.listed(obj, "items"))
    return (max(found) if newest else min(found)) if found else UNSET


def _first_price(obj: read.Json) -> read.Json:
    prices = [price for price in map(_price, read.listed(obj, "items")) if price]
    return prices[0] if prices else _price(obj)


def _cycle(obj: read.Json) -> tuple[str | Unset, int | Unset]:
    price = _first_price(obj)
    recurring = fields.mapping(price, "recurring") or price
    unit, count = fields.text(recurring, "interval"), fields.whole(recurring, "interval_count")
    return (
        unit if isinstance(unit, str) and unit in _UNITS else UNSET,
        count if isinstance(count, int) and count > 0 else UNSET,
    )


def _currency(obj: read.Json) -> money_in.Text:
    return read.currency(obj) if "currency" in obj else read.currency(_first_price(obj))


def _plan_ref(obj: read.Json) -> str | Unset:
    return fields.optional(_first_price(obj), "id") or UNSET
