"""Rows -> events -> facts: everything about a batch that can be known before its rows are touched."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection

from billing.rules.facts.base import Fact
from billing.rules.facts.event import Event
from workers.routing import UNPARSABLE, NoHandlerError, Route, load, route

# The bounds let PostgreSQL skip the months that hold none of these rows.
_READ = """
    SELECT i.id, i.source, i.event_id, i.event_type, i.lane, i.attempts, i.received_at, p.headers, p.body
    FROM bursar.inbox i
    LEFT JOIN bursar.inbox_payload p ON p.inbox_id = i.id AND p.received_at = i.received_at
         AND p.received_at >= (SELECT min(received_at) FROM bursar.inbox WHERE id = ANY(%(ids)s))
         AND p.received_at <= (SELECT max(received_at) FROM bursar.inbox WHERE id = ANY(%(ids)s))
    WHERE i.id = ANY(%(ids)s) ORDER BY i.id"""


@dataclass(frozen=True, slots=True)
class Row:
    """An inbox row with its bytes."""

    id: int
    source: str
    event_id: str
    event_type: str
    lane: str
    attempts: int
    received_at: datetime
    headers: str | None
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Job:
    """A row whose facts are known: what `handler` will be called with."""

    row: Row
    event: Event
    route: Route
    facts: Sequence[Fact]
    handler: Callable[[Any, Fact], None]

    def references(self) -> Iterator[tuple[str, str, str]]:
        """(aggregate, source, external id) of all rows that the handler will touch."""
        for fact in self.facts:
            for aggregate, external_id in fact.references():
                yield aggregate, fact.source, external_id


def read(connection: Connection, ids: Sequence[int]) -> list[Row]:
    """The rows with their payloads, in id order; one statement."""
    return [
        Row(*values)
        for values in connection.exec_driver_sql(_READ, {"ids": list(ids)}).all()
    ]


def prepare(row: Row) -> Job:
    """Parse a row's bytes and extract its facts.

    Raises:
        NoHandlerError: its type has no handler.
        PayloadGoneError: its bytes were removed by retention.
        Exception: whatever the source's parser or the handler's `facts` raise; the runner settles it.
    """
    found = route(row.source, row.event_type)
    if found is None and row.event_type != UNPARSABLE:
        raise NoHandlerError(f"{row.source} {row.event_type} has no handler in this version; replay it when one exists")
    event = parse(row)
    if found is None:
        # The bytes can be read after all: a mended parser. They go to the handler of the type that they turn out to have.
        found = route(row.source, event.type)
        if found is None:
            raise NoHandlerError(f"{row.source} {event.type} has no handler in this version")
    module = load(found.path)
    said = module.facts(event)
    facts = [said] if isinstance(said, Fact) else list(said)
    return Job(row=row, event=event, route=found, facts=facts, handler=getattr(module, found.function))


def parse(row: Row) -> Event:
    """The row's event, by its source's parser."""
    if row.body is None:
        raise PayloadGoneError(
            f"the payload of inbox row {row.id} ({row.source} {row.event_id}) is gone; retention keeps only its sha256"
        )
    headers: Mapping[str, str] = msgspec.json.decode(row.headers or "{}")
    parsed: Event = _envelope(row.source).parse(row.body, inbox_id=row.id, received_at=row.received_at, headers=headers)
    return parsed


@cache
def _envelope(source: str) -> Any:
    return importlib.import_module(f"providers.{source}.envelope")


class PayloadGoneError(RuntimeError):
    """A row whose bytes no longer exist cannot be processed."""
