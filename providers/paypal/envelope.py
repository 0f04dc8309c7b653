"""A PayPal delivery's bytes -> Event.

PayPal signs a CRC32 of the body only, so these bytes are believed as far as their shape goes and no further: what they
say of money stays unconfirmed until the resource itself has been fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from billing.rules.facts.event import Event
from providers.clean import json_object
from providers.errors import UnparsableBody
from providers.fields import instant, mapping, needed, optional

SOURCE = "paypal"
FETCHED = ".FETCHED"
"""What event types end with that are ours: answers to look-ups, stored without any request's headers."""
ANSWERED = "answer."
"""What those begin with that carry answers to our submissions."""


def parse(
    body: bytes,
    *,
    inbox_id: int,
    received_at: datetime,
    headers: Mapping[str, str],
) -> Event:
    """Read the envelope; `object` is the `resource`.

    Raises:
        UnparsableBody: the bytes are not a PayPal event, or pose as the answer to a call of ours.
    """
    envelope = json_object(body)
    event_type = needed(envelope, "event_type")
    if (event_type.endswith(FETCHED) or event_type.startswith(ANSWERED)) and headers:
        raise UnparsableBody("the body calls itself the answer to our own call, but came through the door")
    created_at = instant(envelope, "create_time")
    return Event(
        inbox_id=inbox_id,
        source=SOURCE,
        id=needed(envelope, "id"),
        type=event_type,
        occurred_at=created_at if isinstance(created_at, datetime) else received_at,
        received_at=received_at,
        object=mapping(envelope, "resource"),
        previous={},
        envelope=envelope,
        api_version=optional(envelope, "resource_version"),
    )
