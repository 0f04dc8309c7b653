"""Calls at PayPal, claimed from the outbox: look-ups, and submissions of what is made or moved there.

What PayPal answers becomes an inbox row: `<KIND>.FETCHED` of a look-up, `answer.<kind>` of a submission.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from core.clock import SystemClock
from core.settings import Settings
from providers.answer import Answer
from providers.clean import json_object
from providers.errors import Final, KeySpent, NotThere, Unknown, UnparsableBody
from providers.paypal import answers, client
from providers.paypal.envelope import FETCHED
from providers.paypal.event_types import NOT_FOUND
from providers.paypal.look_up import batch_behind, made
from providers.paypal.operations import of
from providers.submission import Flight

_DONE_SILENTLY = 204
"""PayPal's answer to the end of a subscription: done, and nothing to show."""


def fetch(payload: Mapping[str, Any], *, key: str, settings: Settings, at: datetime | None = None) -> Answer:
    """Read one object. Reading is harmless, so a lost answer is simply asked for again.

    `or` in the payload names further places, for an id of which nobody knows the generation. Where it has `absent` (a finding that
    says that it is not there), "there is none", said of each place, is an answer like any other.

    Raises:
        Retryable, Final: as `client.get`, of the first place.
        UnparsableBody: what came back is not JSON.
    """
    try:
        kind, resource = _read(payload, settings)
        event_type = f"{kind.upper()}{FETCHED}"
    except NotThere:
        if "absent" not in payload:
            raise
        event_type, resource = NOT_FOUND, {"id": payload["id"], **payload["absent"]}
    at = _dated(payload, at or SystemClock().now())
    event_id = f"fetch-{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    envelope = {"id": event_id, "event_type": event_type, "create_time": at.isoformat(), "resource": resource}
    return Answer(
        source="paypal",
        event_id=event_id,
        event_type=event_type,
        object_id=payload["id"],
        lane=payload["lane"],
        body=msgspec.json.encode(envelope),
        occurred_at=at,
    )


def _dated(payload: Mapping[str, Any], at: datetime) -> datetime:
    """When the answer holds: now, but never before the event that asked. Our clock may be behind PayPal's, and then the
    answer would count as older than the weakly signed word that it is to confirm."""
    after = payload.get("after")
    return at if after is None else max(at, datetime.fromisoformat(after) + timedelta(microseconds=1))


def _read(payload: Mapping[str, Any], settings: Settings) -> tuple[str, dict[str, Any]]:
    """(kind, object) from the first place that has it. A place that will not say weighs more than those that say no."""
    refused: list[Final] = []
    for place in (payload, *payload.get("or", ())):
        try:
            return place["kind"], json_object(client.get(place["path"], settings))
        except Final as error:
            refused.append(error)
    raise next((error for error in refused if not isinstance(error, NotThere)), refused[0])


def submit(flight: Flight, *, settings: Settings, at: datetime) -> Answer:
    """Make the call under its stored key, with its stored body.

    Raises:
        Retryable, Unknown, KeySpent: as `client.post`.
    """
    status, body = _post(flight, settings)
    try:
        found = json_object(body) if status != _DONE_SILENTLY else {}
    except UnparsableBody as error:
        # Something between PayPal and us answered. Whether the call came through, nobody can say.
        raise Unknown(f"the answer {status} to {flight.key} is not PayPal's ({error}); the same key is sent again") from None
    if status < 400:
        return answers.make(flight, found, "accepted", at, object_id=_object_id(flight, found))
    paid = batch_behind(found, flight, settings)
    if paid is not None:
        return answers.make(flight, paid, "accepted", at, object_id=_object_id(flight, paid))
    return answers.make(flight, found, "refused", at)


def _post(flight: Flight, settings: Settings) -> tuple[int, bytes]:
    try:
        return client.post(flight.path, flight.body, settings, key=flight.key)
    except KeySpent:
        if flight.operation != "payout.create":
            raise
        # What guards a payout is its batch id, in the body: under another header PayPal names the batch that it made.
        return client.post(flight.path, flight.body, settings, key=f"{flight.key}:batch")


def key_ended(flight: Flight, at: datetime) -> bool:
    """Whether PayPal may have forgotten the key, or never knew it (disputes)."""
    return (at - flight.sent_at).total_seconds() >= of(flight.operation, flight.path).key_life_s


def look_up(flight: Flight, *, settings: Settings, at: datetime) -> Answer | None:
    """What the submission has made; None: surely nothing, or nothing that one more would harm.

    Raises:
        Retryable: PayPal could not be asked, or cannot say.
    """
    found = made(flight, settings, at)
    return None if found is None else answers.make(flight, found, "accepted", at, object_id=_object_id(flight, found))


def _object_id(flight: Flight, found: Mapping[str, Any]) -> str | None:
    """PayPal's id of what was made or changed. Of a dispute PayPal answers links only, of a subscription nothing: the path says which."""
    if flight.kind == "payout":
        header = found.get("batch_header")
        told = header.get("payout_batch_id") if isinstance(header, dict) else None
        return told if isinstance(told, str) else None
    if flight.kind in ("dispute", "subscription"):
        return flight.path.split("/")[-2]
    told = found.get("id")
    return told if isinstance(told, str) else None
