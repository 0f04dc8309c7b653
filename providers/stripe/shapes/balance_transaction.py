"""Stripe's balance transactions, as our own look-ups bring them: one, or a page of a list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from billing.rules.facts.balance_transaction import BalancePageFact, BalanceTransactionFact
from billing.rules.facts.base import UNSET, Unset, Version
from billing.rules.facts.event import Event
from providers import fields
from providers.errors import UnparsableBody
from providers.stripe.shapes import reading as read

PLATFORM = "platform"
"""Stands for our own balance where a connected account's id would stand."""


def balance_transaction(event: Event, obj: Mapping[str, Any]) -> BalanceTransactionFact:
    """One move of the balance of the event's account."""
    return BalanceTransactionFact(
        source=event.source,
        external_id=fields.needed(obj, "id"),
        version=read.version(event),
        type_=fields.text(obj, "type"),
        reporting_category=fields.text(obj, "reporting_category"),
        amount_minor=fields.whole(obj, "amount"),
        fee_minor=fields.whole(obj, "fee"),
        net_minor=fields.whole(obj, "net"),
        fees=[_fee(part) for part in read.listed(obj, "fee_details")] if "fee_details" in obj else UNSET,
        currency=read.currency(obj),
        exchange_rate=_rate(obj),
        source_ref=read.ref(obj, "source"),
        account_ref=event.account,
        status=fields.text(obj, "status"),
        available_at=read.instant(obj, "available_on"),
        provider_created_at=read.instant(obj, "created"),
    )


def balance_page(event: Event, way: Literal["older", "newer"]) -> list[BalanceTransactionFact | BalancePageFact]:
    """All moves of a page, and where to go on. Stripe's lists begin with the newest."""
    items = read.listed(event.object, "data")
    edge = (items[-1] if way == "older" else items[0]) if items else None
    more = edge is not None and event.object.get("has_more") is True
    newest_at = read.instant(items[0], "created") if items else None
    page = BalancePageFact(
        source=event.source,
        external_id=event.account or PLATFORM,
        version=Version(1, event.occurred_at, 0, event.id),
        way=way,
        next_ref=fields.needed(edge, "id") if edge is not None and more else None,
        newest_ref=fields.needed(items[0], "id") if items else None,
        newest_at=newest_at if isinstance(newest_at, datetime) else None,
    )
    return [*(balance_transaction(event, item) for item in items), page]


def _fee(part: Mapping[str, Any]) -> dict[str, Any]:
    amount = fields.whole(part, "amount")
    if not isinstance(amount, int):
        raise UnparsableBody("a part of a balance transaction's fee has no amount")
    return {"type": fields.optional(part, "type"), "amount_minor": amount, "currency": str(read.currency(part) or "")}


def _rate(obj: Mapping[str, Any]) -> str | Unset | None:
    """The rate as text; nobody here computes with it, both amounts are told."""
    if "exchange_rate" not in obj:
        return UNSET
    return None if obj["exchange_rate"] is None else str(obj["exchange_rate"])
