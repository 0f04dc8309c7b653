"""Stripe's plug: HMAC over the raw bytes; snapshot and thin events; the lane is the customer.

Only what keys, lane and queue need is read, by a partial schema: the body of an event is parsed once more in the worker.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from core.settings import Settings
from providers.stripe.signature import matching_secret
from webhooks_ingest.envelope import (
    UNPARSABLE,
    Envelope,
    NotJsonError,
    decoded,
    digest_id,
    kept_headers,
    key_name,
    safe,
    secret_bytes,
)

SOURCE = "stripe"
_THIN = "v2.core.event"
_KEPT_HEADERS = ("stripe-signature", "content-type")


class _Reference(msgspec.Struct, gc=False):
    id: str | None = None


class _Object(msgspec.Struct, gc=False):
    id: str | None = None
    object: str | None = None
    customer: str | _Reference | None = None


class _Data(msgspec.Struct, gc=False):
    object: _Object | None = None


class _Event(msgspec.Struct, gc=False):
    id: str | None = None
    object: str | None = None
    type: str | None = None
    account: str | None = None
    context: str | None = None
    api_version: str | None = None
    created: int | str | None = None
    livemode: bool | None = None
    data: _Data | None = None
    related_object: _Reference | None = None


_DECODER = msgspec.json.Decoder(_Event)


class StripePlug:
    """Verifier and extractor of Stripe's deliveries."""

    source = SOURCE
    proof_header = b"stripe-signature"
    headers = _KEPT_HEADERS
    prepare = None

    def __init__(self, settings: Settings) -> None:
        """Raises ValueError when `BURSAR_STRIPE_WEBHOOK_SECRETS` is missing."""
        self._secrets = secret_bytes(settings.stripe_webhook_secrets, "BURSAR_STRIPE_WEBHOOK_SECRETS")
        self._names = [key_name(secret) for secret in self._secrets]
        self._tolerance_s = settings.stripe_tolerance_s

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Envelope:
        """As `Plug.verify`."""
        matched = matching_secret(
            headers.get("stripe-signature"),
            body,
            self._secrets,
            now_s=now.timestamp(),
            tolerance_s=self._tolerance_s,
        )
        digest = hashlib.sha256(body).digest()
        event = _read(body)
        event_id = safe(event.id) or digest_id(digest)
        thin = event.object == _THIN
        account = safe(event.account) or (safe(event.context) if thin else None)
        target, object_id = _target(event, thin=thin)
        return Envelope(
            source=SOURCE,
            event_id=event_id,
            event_type=(safe(event.type) or UNPARSABLE) if event.id is not None else UNPARSABLE,
            object_id=object_id,
            account=account,
            lane=f"stripe:{target or account or object_id or event_id}",
            livemode=event.livemode,
            api_version=safe(event.api_version),
            occurred_at=_instant(event.created),
            headers=kept_headers(headers, _KEPT_HEADERS, self._names[matched]),
            body=body,
            sha256=digest,
        )


def _read(body: bytes) -> _Event:
    try:
        value = decoded(body, _DECODER)
    except NotJsonError:
        return _Event()
    if isinstance(value, _Event):
        return value
    return _lenient(value) if isinstance(value, dict) else _Event()


def _lenient(value: dict[str, Any]) -> _Event:
    """An event in which some field has a type that Stripe does not send: what fits is used, the rest counts as absent."""
    event = _Event()
    for name in ("id", "object", "type", "account", "context", "api_version", "created", "livemode"):
        part = value.get(name)
        if type(part) is (bool if name == "livemode" else str) or (name == "created" and type(part) is int):
            setattr(event, name, part)
    data = value.get("data")
    inner = data.get("object") if isinstance(data, dict) else None
    if isinstance(inner, dict):
        customer = inner.get("customer")
        customer = customer.get("id") if isinstance(customer, dict) else customer
        event.data = _Data(_Object(_text(inner.get("id")), _text(inner.get("object")), _text(customer)))
    related = value.get("related_object")
    if isinstance(related, dict):
        event.related_object = _Reference(_text(related.get("id")))
    return event


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _target(event: _Event, *, thin: bool) -> tuple[str | None, str | None]:
    """(customer to lane by, object id)."""
    if thin:
        return None, safe(event.related_object.id) if event.related_object else None
    inner = event.data.object if event.data else None
    if inner is None:
        return None, None
    object_id = safe(inner.id)
    if inner.object == "customer":
        return object_id, object_id
    customer = inner.customer.id if isinstance(inner.customer, _Reference) else inner.customer
    return safe(customer), object_id


def _instant(created: int | str | None) -> datetime | None:
    try:
        if isinstance(created, int):
            return datetime.fromtimestamp(created, UTC)
        if created:
            at = datetime.fromisoformat(created)
            return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None  # a time outside the calendar: the worker's reader says so, the bytes are kept either way
    return None
