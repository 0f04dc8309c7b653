"""A Stripe delivery's bytes -> Event: snapshot events of any API version, and thin ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from billing.rules.facts.event import Event
from providers import fields
from providers.clean import json_object
from providers.errors import UnparsableBody

SOURCE = "stripe"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_THIN = "v2.core.event"


def parse(
    body: bytes,
    *,
    inbox_id: int,
    received_at: datetime,
    headers: Mapping[str, str],  # noqa: ARG001 - the contract of all sources; Stripe's headers say nothing about the event
) -> Event:
    """Read the envelope. A thin event's `object` is its related object's address: id, type, url.

    Raises:
        UnparsableBody: the bytes are not a Stripe event.
    """
    envelope = json_object(body)
    thin = envelope.get("object") == _THIN
    data = fields.mapping(envelope, "data")
    if not thin and not isinstance(data.get("object"), dict):
        raise UnparsableBody("a snapshot event without data.object")
    return Event(
        inbox_id=inbox_id,
        source=SOURCE,
        id=fields.needed(envelope, "id"),
        type=fields.needed(envelope, "type"),
        occurred_at=_created(envelope.get("created"), received_at),
        received_at=received_at,
        object=fields.mapping(envelope, "related_object") if thin else fields.mapping(data, "object"),
        previous=fields.mapping(data, "previous_attributes"),
        envelope=envelope,
        account=fields.optional(envelope, "account") or (fields.optional(envelope, "context") if thin else None),
        api_version=fields.optional(envelope, "api_version"),
        livemode=envelope.get("livemode") if isinstance(envelope.get("livemode"), bool) else None,
    )


def _created(value: object, received_at: datetime) -> datetime:
    """Seconds since 1970 in snapshots, a text in thin events; the day of receipt where a sample has none."""
    if value is None:
        return received_at
    if isinstance(value, str):
        return fields.parse_instant(value, "created")
    if type(value) is not int:
        raise UnparsableBody("field 'created' is neither seconds nor a time")
    try:
        return _EPOCH + timedelta(seconds=value)
    except OverflowError:
        raise UnparsableBody("field 'created' is no time within the calendar") from None
