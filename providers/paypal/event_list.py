"""PayPal's own list of the events that it has told or tried to tell, of the last 30 days (`/v1/notifications/webhooks-events`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from core.settings import Settings
from providers.clean import json_object
from providers.errors import UnparsableBody
from providers.fields import items, mapping, optional
from providers.paypal import client
from providers.paypal.paths import path
from providers.paypal.reading import parent

_PATH = "/v1/notifications/webhooks-events"
_PAGE = 300


def pages(settings: Settings, since: datetime, until: datetime) -> Iterator[list[Mapping[str, Any]]]:
    """All pages, newest first, to the end.

    Raises:
        Retryable, Final: as `client.get`.
        UnparsableBody: what came back is no such list.
    """
    query: dict[str, str] | None = {"start_time": _text(since), "end_time": _text(until), "page_size": str(_PAGE)}
    while query is not None:
        told = json_object(client.get(_PATH, settings, query=query))
        found = items(told, "events")
        if found:
            yield found
        query = _next(told) if found else None


def place(event: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """(kind, id, path) of the object that the event is about, for a look-up; None where there is none to look at.

    Raises:
        UnparsableBody: a field is of a wrong type.
    """
    kind_of, resource = optional(event, "event_type") or "", mapping(event, "resource")
    for begins, kind, name in (
        ("CHECKOUT.ORDER.", "order", "id"),
        ("CHECKOUT.PAYMENT-APPROVAL.", "order", "order_id"),
        ("BILLING.SUBSCRIPTION.", "subscription", "id"),
        ("CUSTOMER.DISPUTE.", "dispute", "dispute_id"),
        ("PAYMENT.PAYOUTS-ITEM.", "payouts-item", "payout_item_id"),
    ):
        if kind_of.startswith(begins):
            return _at(kind, kind, optional(resource, name))
    if kind_of.startswith("PAYMENT.CAPTURE."):
        refund = parent(resource, "captures") is not None
        return _at("refund", "refund", optional(resource, "id")) if refund else _at("capture", "capture", optional(resource, "id"))
    if kind_of.startswith("PAYMENT.SALE."):
        refund = "sale_id" in resource
        return _at("refund", "sale-refund", optional(resource, "id")) if refund else _at("sale", "sale", optional(resource, "id"))
    return None


def _at(kind: str, where: str, object_id: str | None) -> tuple[str, str, str] | None:
    return None if object_id is None else (kind, object_id, path(where, object_id))


def _next(told: Mapping[str, Any]) -> dict[str, str] | None:
    """The query of the next page. Only its query is taken: nobody sends our token elsewhere."""
    for link in items(told, "links"):
        if optional(link, "rel") == "next":
            parts = urlsplit(optional(link, "href") or "")
            if parts.path != _PATH:
                raise UnparsableBody("PayPal's list of events goes on somewhere else")
            return dict(parse_qsl(parts.query))
    return None


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
