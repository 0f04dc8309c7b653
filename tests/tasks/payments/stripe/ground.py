"""What the tests of Stripe's customer side share: a mirror of all Stripe handlers, and minimal bodies of our own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from models.base import AGGREGATES, Aggregate
from providers.stripe.event_types import EVENT_TYPES
from tests.harness.cluster import Database
from tests.tasks.mirror import Mirror, Rows, make_mirror
from workers.routing import fold, route

T0 = 1_772_366_400
"""2026-03-01 12:00 UTC."""

QUEUES = {fold(name)[0]: found.queue for name in EVENT_TYPES if (found := route("stripe", name))}


def all_models() -> list[type[Aggregate]]:
    """Every business table."""
    return list(AGGREGATES.values())


def stripe_mirror(database: Database) -> Mirror:
    """A mirror of Stripe over a fresh database."""
    return make_mirror(database, "stripe", QUEUES)


def body(event_type: str, obj: Mapping[str, Any], *, at: int = 0, event_id: str = "", **envelope: Any) -> bytes:
    """A snapshot event about `obj`, `at` seconds after T0; its id says type and time unless given."""
    event: dict[str, Any] = {
        "id": event_id or f"evt_{event_type}_{obj.get('id')}_{at}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": T0 + at,
        "livemode": False,
        "type": event_type,
        "data": {"object": dict(obj)},
    }
    return json.dumps(event | envelope).encode()


def only(rows: Mapping[str, Rows], table: str) -> dict[str, Any]:
    """The one row of a table."""
    [row] = rows[table].values()
    return row
