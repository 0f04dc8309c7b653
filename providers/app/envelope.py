"""A command's bytes, as bursar.accept_command wrote them -> Event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from billing.rules.facts.event import Event
from providers import fields
from providers.clean import json_object

SOURCE = "app"


def parse(
    body: bytes,
    *,
    inbox_id: int,
    received_at: datetime,
    headers: Mapping[str, str],  # noqa: ARG001 - the contract of all sources
) -> Event:
    """Read a command back; its payload is the event's object, the time of its submission the event's time.

    Raises:
        UnparsableBody: it is nested too deep. Nothing else can be wrong: PostgreSQL made these bytes.
    """
    envelope = json_object(body)
    return Event(
        inbox_id=inbox_id,
        source=SOURCE,
        id=f"command-{inbox_id}",
        type=fields.needed(envelope, "name"),
        occurred_at=received_at,
        received_at=received_at,
        object=fields.mapping(envelope, "payload"),
        previous={},
        envelope=envelope,
    )
