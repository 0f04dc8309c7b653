"""Sample events, written by hand and minimal: what a provider sends, with the fields that Bursar reads and fresh ids.

A sample holds plain JSON values; `changed` lays a path's value into it, so that trials can tell their own stories.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

from providers.sandbox.stripe_objects import Made
from providers.sandbox.stripe_types import BY_TYPE, object_of
from providers.sandbox.zoom_payloads import PAYLOADS

STRIPE_VERSION = "2025-03-31.basil"
_TYPES: dict[str, frozenset[str]] = {"stripe": frozenset(BY_TYPE), "zoom": frozenset(PAYLOADS)}


class NoSampleError(LookupError):
    """No sample is written for that event type."""


def types(source: str) -> list[str]:
    """The event types that `event` knows samples of."""
    return sorted(_TYPES.get(source, ()))


def event(source: str, event_type: str, at: datetime, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A new event of that type, which happened at `at`.

    `changes` are paths and values in the object; a path that begins with `event.` is one in the envelope.

    Raises:
        NoSampleError: none is written for that type.
        KeyError: a path leads through something that is neither an object nor a list's place.
    """
    if event_type not in types(source):
        raise NoSampleError(f"there is no sample of {source} {event_type}")
    made = _stripe(event_type, at) if source == "stripe" else _zoom(event_type, at)
    for path, value in (changes or {}).items():
        envelope = path.removeprefix("event.")
        change(made, envelope if envelope != path else f"{_OBJECT[source]}.{path}", value)
    return made


_OBJECT = {"stripe": "data.object", "zoom": "payload.object"}


def body_of(made: Mapping[str, Any]) -> bytes:
    """The event as the bytes that would be posted."""
    return json.dumps(made, separators=(",", ":"), ensure_ascii=False).encode()


def change(target: dict[str, Any], path: str, value: Any) -> None:
    """Set what `path` (`a.b.0.c`) names; objects on the way are made if missing.

    Raises:
        KeyError: the way leads through a plain value, or to a place that a list does not have.
    """
    *way, last = path.split(".")
    here: Any = target
    for step in way:
        if isinstance(here, list):
            here = here[_place(here, step, path)]
        elif isinstance(here, dict):
            here = here.setdefault(step, {})
        else:
            raise KeyError(f"{path}: {step} lies below a plain value")
    if isinstance(here, list):
        here[_place(here, last, path)] = value
    elif isinstance(here, dict):
        here[last] = value
    else:
        raise KeyError(f"{path}: {last} lies below a plain value")


def _place(items: list[Any], step: str, path: str) -> int:
    if not step.isdigit() or int(step) >= len(items):
        raise KeyError(f"{path}: the list has no place {step}; it has {len(items)}")
    return int(step)


def fresh(prefix: str) -> str:
    """An id in the provider's manner that nobody has seen."""
    return f"{prefix}_{secrets.token_hex(12)}"


def _stripe(event_type: str, at: datetime) -> dict[str, Any]:
    made = Made(at=int(at.timestamp()), fresh=fresh)
    body = object_of(event_type, made)
    previous = deepcopy(made.previous)
    return {
        "id": fresh("evt"),
        "object": "event",
        "api_version": STRIPE_VERSION,
        "created": made.at,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": event_type,
        "data": {"object": body} | ({"previous_attributes": previous} if previous else {}),
    }


def _zoom(event_type: str, at: datetime) -> dict[str, Any]:
    payload = PAYLOADS[event_type](at, secrets.token_hex(8))
    return {"event": event_type, "event_ts": int(at.timestamp() * 1000), "payload": payload}
