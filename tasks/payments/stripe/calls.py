"""Calls at Stripe, claimed from the outbox: look-ups, and submissions of what is made or moved there.

What Stripe answers becomes an inbox row: `<object>.fetched` of a look-up, `answer.<kind>` of a submission.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from core.clock import SystemClock
from core.settings import Settings
from providers.answer import Answer
from providers.clean import json_object
from providers.errors import Final, NotThere, Retryable
from providers.stripe import answers, client
from providers.stripe.event_types import FETCHED, NOT_FOUND
from providers.stripe.operations import KEY_LIFE_S, OPERATIONS, Operation
from providers.submission import TAG_SUBMISSION, Flight

_CLOCKS_APART = timedelta(days=1)
"""Where only time narrows a list. Wide: an object that the look-up does not see is made again, and our clock may be wrong."""


def fetch(payload: Mapping[str, Any], *, key: str, settings: Settings, at: datetime | None = None) -> Answer:
    """Read one object. Reading is harmless, so a lost answer is simply asked for again.

    Where the payload has `absent` (a finding that says that it is not there), "there is none" is an answer like any other.

    Raises:
        Retryable, Final: as `client.get`.
        UnparsableBody: what came back is not JSON.
    """
    at = at or SystemClock().now()
    event_type = FETCHED[payload["kind"]]
    try:
        found = json_object(client.get(payload["url"], settings, account=payload.get("account")))
    except NotThere:
        if "absent" not in payload:
            raise
        event_type, found = NOT_FOUND, {"id": payload["id"], "object": "absent", **payload["absent"]}
    event_id = f"fetch-{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    envelope = {
        "id": event_id,
        "object": "event",
        "type": event_type,
        "created": at.isoformat(),
        "data": {"object": found},
    }
    if payload.get("account"):
        envelope["account"] = payload["account"]
    return Answer(
        source="stripe",
        event_id=event_id,
        event_type=event_type,
        object_id=payload["id"],
        lane=f"stripe:{payload['id']}",
        body=msgspec.json.encode(envelope),
        occurred_at=at,
    )


def submit(flight: Flight, *, settings: Settings, at: datetime) -> Answer:
    """Make the call under its stored key, with its stored body.

    Raises:
        Retryable, Unknown, KeySpent, Final: as `client.post`.
    """
    status, body = client.post(flight.path, flight.body, settings, key=flight.key, account=flight.account)
    found = json_object(body)
    if status < 400:
        return answers.make(flight, found, "accepted", at)
    return answers.make(flight, found.get("error") or {"code": f"http_{status}"}, "refused", at)


def key_ended(flight: Flight, at: datetime) -> bool:
    """Whether Stripe may have forgotten the key."""
    return (at - flight.sent_at).total_seconds() > KEY_LIFE_S


def look_up(flight: Flight, *, settings: Settings, at: datetime) -> Answer | None:
    """What the submission has made, found by the tag in its metadata; None: surely nothing.

    Raises:
        Retryable: Stripe could not be asked.
    """
    operation = OPERATIONS[flight.operation]
    try:
        found = _changed(operation, flight, settings) if operation.object_path else _made(operation, flight, settings)
    except Final as error:
        # "There is none" is no answer here: a list that cannot be read says nothing about what is in it.
        raise Retryable(f"the look-up of {flight.submission} was refused: {error}") from None
    return None if found is None else answers.make(flight, found, "accepted", at)


def _changed(operation: Operation, flight: Flight, settings: Settings) -> Mapping[str, Any] | None:
    """The object, if it shows that the operation was done to it."""
    tail = operation.path.removeprefix(operation.object_path or "")
    found = json_object(client.get(flight.path.removesuffix(tail), settings, account=flight.account))
    done = operation.happened(found) if operation.happened else _tagged(found, flight)
    return found if done else None


def _made(operation: Operation, flight: Flight, settings: Settings) -> Mapping[str, Any] | None:
    """The object of the list that carries the submission's tag."""
    if operation.found_in is None:
        return None
    path = operation.found_in.format(path=flight.path)
    sent = json.loads(flight.body)
    query = {name: sent[name] for name in operation.filters if sent.get(name)}
    if operation.by_time and not query:
        query["created"] = {"gte": int((flight.sent_at - _CLOCKS_APART).timestamp())}
    return next((found for found in _all(path, flight, settings, query) if _tagged(found, flight)), None)


def _all(path: str, flight: Flight, settings: Settings, query: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for page in client.pages(path, settings, account=flight.account, query=query):
        yield from page


def _tagged(found: Mapping[str, Any], flight: Flight) -> bool:
    return (found.get("metadata") or {}).get(TAG_SUBMISSION) == flight.submission
