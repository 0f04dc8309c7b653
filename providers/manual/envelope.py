"""A manual confirmation's bytes: written by `confirmation`, read back by `parse` when a worker takes the row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

import msgspec

from billing.rules.facts.event import Event
from providers import fields
from providers.answer import Answer
from providers.clean import json_object

SOURCE = "manual"
CONFIRMED = "bank_transfer.confirmed"
REFUND_SENT = "bank_transfer.refund_sent"
REFUND_RETURNED = "bank_transfer.refund_returned"


def confirmation(reference: str, *, amount_minor: int, currency: str, received_on: date, pays: str | None) -> Answer:
    """A bank transfer that somebody saw on the account. The same one gives the same bytes, so that a second entry is known.

    Args:
        reference: the bank's own reference of the booking; it is the event's id.
        amount_minor: what arrived, in minor units of `currency`.
        currency: ISO 4217.
        received_on: the date of the booking.
        pays: what it pays for, in the words of whoever enters it (such as an invoice's number).
    """
    said = {
        "type": CONFIRMED,
        "object": {
            "reference": reference,
            "amount_minor": amount_minor,
            "currency": currency,
            "received_on": received_on.isoformat(),
            "pays": pays,
        },
    }
    return Answer(
        source=SOURCE,
        event_id=reference,
        event_type=CONFIRMED,
        object_id=reference,
        lane=f"{SOURCE}:{reference}",
        body=msgspec.json.encode(said, order="deterministic"),
        occurred_at=_start_of(received_on),
    )


def refund_moved(
    event_type: str, reference: str, *, request: str, payment: str, amount_minor: int, currency: str, booked_on: date, reason: str
) -> Answer:
    """A bank transfer that somebody sent back to its payer, or that came back because the bank could not deliver it.

    Args:
        event_type: `REFUND_SENT` or `REFUND_RETURNED`; each once per request.
        reference: the bank's own reference of the booking by which it was sent.
        request: our refund's reference, REF-YYYYMMDD-XXXXXXXX.
        payment: the reference of the bank transfer.
        amount_minor: what was sent, in minor units of `currency`.
        currency: ISO 4217.
        booked_on: the date of the booking.
        reason: in the words of whoever says it.
    """
    event_id = f"{request}:{event_type.rpartition('.')[2]}"
    said = {
        "id": event_id,
        "type": event_type,
        "object": {
            "reference": reference,
            "request": request,
            "payment": payment,
            "amount_minor": amount_minor,
            "currency": currency,
            "booked_on": booked_on.isoformat(),
            "reason": reason,
        },
    }
    return Answer(
        source=SOURCE,
        event_id=event_id,
        event_type=event_type,
        object_id=reference,
        lane=f"{SOURCE}:{payment}",
        body=msgspec.json.encode(said, order="deterministic"),
        occurred_at=_start_of(booked_on),
    )


def parse(
    body: bytes,
    *,
    inbox_id: int,
    received_at: datetime,
    headers: Mapping[str, str],  # noqa: ARG001 - the contract of all sources
) -> Event:
    """Read a confirmation back.

    Raises:
        UnparsableBody: the bytes are none.
    """
    envelope = json_object(body)
    said = fields.mapping(envelope, "object")
    at = fields.instant(said, "received_on" if "received_on" in said else "booked_on")
    return Event(
        inbox_id=inbox_id,
        source=SOURCE,
        id=fields.optional(envelope, "id") or fields.needed(said, "reference"),
        type=fields.needed(envelope, "type"),
        occurred_at=at if isinstance(at, datetime) else received_at,
        received_at=received_at,
        object=said,
        previous={},
        envelope=envelope,
    )


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
