"""What a submission has made at PayPal, asked of PayPal itself where the key can say no more.

    order.capture     the order shows its captures; it has one at most
    refund.create     the capture's order shows its refunds, and each names the request that wanted it
    ... of a sale     only the reports do, some hours late; a v1 refund's id holds for 30 days, so they are long there
    subscription.*    the subscription shows that it is over
    dispute.*         the dispute shows its outcome and the evidence that it has
    payout.create     within 30 days a second call of one `sender_batch_id` is refused with a link to the batch, so it is sent again;
                      after that nobody can say, and people must
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from core.settings import Settings
from providers.clean import json_object
from providers.errors import Final, Retryable, UnparsableBody
from providers.fields import items, mapping, optional
from providers.paypal import client
from providers.paypal.operations import batch_id, of
from providers.paypal.paths import path
from providers.paypal.reports import transactions
from providers.paypal.shapes.declared import metadata
from providers.submission import TAG_REQUEST, Flight

Json = Mapping[str, Any]
_CLOCKS_APART = timedelta(days=1)
_REPORTS_LATE = timedelta(hours=3)


def made(flight: Flight, settings: Settings, at: datetime) -> Json | None:
    """The object that the submission has made or changed; None: there is none, or one more would do no harm.

    Raises:
        Retryable: PayPal could not be asked, or cannot say.
    """
    how = of(flight.operation, flight.path).look_up
    try:
        if how == "order":
            return _captured(flight, settings)
        if how == "capture_refunds":
            return _refund_of_capture(flight, settings)
        if how == "sale_refunds":
            return _refund_of_sale(flight, settings, at)
        if how == "dispute":
            return _dispute(flight, settings)
        if how == "subscription":
            return _ended_subscription(flight, settings)
    except (Final, UnparsableBody) as error:
        # A refusal to show says nothing about what was made.
        raise Retryable(f"the look-up of {flight.submission} at PayPal was refused: {error}") from None
    if how == "none":
        return None
    raise Retryable(
        f"PayPal shows no payout by its sender_batch_id, and {flight.submission} is older than the 30 days in which a repeat is safe: "
        "nothing is sent again. Look for the batch in PayPal's dashboard, then settle the request by hand"
    )


def batch_behind(refused: Json, flight: Flight, settings: Settings) -> Json | None:
    """The batch that was made earlier of this very submission, when PayPal refuses its `sender_batch_id` as used; else None.

    Raises:
        Retryable: it could not be read now.
    """
    if flight.operation != "payout.create" or not any("sender_batch_id" in word.lower() for word in _words(refused)):
        return None
    ours = batch_id(f"{flight.request_type}:{flight.request_ref}", flight.submission)
    for link in items(refused, "links"):
        before, _, payout_batch = (optional(link, "href") or "").rstrip("/").rpartition("/")
        if payout_batch and before.endswith("/v1/payments/payouts"):
            found = json_object(client.get(path("payouts-batch", payout_batch), settings))
            header = mapping(mapping(found, "batch_header"), "sender_batch_header")
            return found if optional(header, "sender_batch_id") == ours else None
    return None


def _words(refused: Json) -> Iterator[str]:
    for one in (refused, *items(refused, "details")):
        for name in ("name", "issue", "field", "message", "description"):
            word = optional(one, name)
            if word is not None:
                yield word


def _captured(flight: Flight, settings: Settings) -> Json | None:
    """The order, if money was captured of it."""
    found = json_object(client.get(flight.path.removesuffix("/capture"), settings))
    return found if any(_of_units(found, "captures")) else None


def _refund_of_capture(flight: Flight, settings: Settings) -> Json | None:
    capture = json_object(client.get(flight.path.removesuffix("/refund"), settings))
    order_ref = optional(mapping(mapping(capture, "supplementary_data"), "related_ids"), "order_id")
    if order_ref is None:
        if optional(capture, "status") == "COMPLETED":
            return None  # nothing at all was refunded of it
        raise Retryable(f"PayPal names no order of the capture of {flight.submission}, so its refunds cannot be listed; settle it by hand")
    order = json_object(client.get(path("order", order_ref), settings))
    for refund in _of_units(order, "refunds"):
        if _names(flight, optional(refund, "custom_id")):
            return refund
    return None


def _refund_of_sale(flight: Flight, settings: Settings, at: datetime) -> Json | None:
    if at - flight.sent_at < _REPORTS_LATE:
        raise Retryable(f"PayPal's reports may not show {flight.submission} yet; it is asked again")
    for row in transactions(settings, flight.sent_at - _CLOCKS_APART, at):
        if _names(flight, optional(row, "invoice_id")):
            refund_id = optional(row, "transaction_id")
            if refund_id is not None:
                return json_object(client.get(path("sale-refund", refund_id), settings))
    return None


def _dispute(flight: Flight, settings: Settings) -> Json | None:
    dispute_path, _, step = flight.path.rpartition("/")
    found = json_object(client.get(dispute_path, settings))
    if step == "accept-claim":
        return found if optional(mapping(found, "dispute_outcome"), "outcome_code") is not None else None
    sent = {optional(one, "notes") for one in items(json.loads(flight.body), "evidences")}
    return found if any(optional(one, "notes") in sent for one in items(found, "evidences")) else None


def _ended_subscription(flight: Flight, settings: Settings) -> Json | None:
    found = json_object(client.get(flight.path.rpartition("/")[0], settings))
    return found if optional(found, "status") in ("CANCELLED", "EXPIRED") else None


def _of_units(order: Json, kind: str) -> Iterator[Json]:
    for unit in items(order, "purchase_units"):
        yield from items(mapping(unit, "payments"), kind)


def _names(flight: Flight, text: str | None) -> bool:
    return metadata(text, None).get(TAG_REQUEST) == f"{flight.request_type}:{flight.request_ref}"
