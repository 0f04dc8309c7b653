"""Rows -> events -> facts: everything about a batch that can be known before its rows are touched."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from billing.rules.commands.base import Command
from billing.rules.facts.base import Fact
from billing.rules.facts.event import Event
from models.base import OWN_SOURCE
from models.statements import BINARY, Statement
from workers.inbox_claims import InboxClaim, as_array
from workers.routing import UNPARSABLE, NoHandlerError, Route, load, route

_COLUMNS = "i.id, i.source, i.event_id, i.event_type, i.lane, i.attempts, i.received_at, p.headers, p.body"
# The bounds let PostgreSQL skip the months that hold none of these rows; IS TRUE keeps it from looking through all that wait.
_READ = f"""
    SELECT {_COLUMNS} FROM bursar.inbox i
    LEFT JOIN bursar.inbox_payload p ON p.inbox_id = i.id AND p.received_at = i.received_at
         AND p.received_at BETWEEN %(first)s AND %(last)s
    WHERE i.id = ANY(%(ids)s::bigint[]) AND (i.state = 'received') IS TRUE ORDER BY i.id"""
_READ_ONE = f"""
    SELECT {_COLUMNS} FROM bursar.inbox i
    LEFT JOIN bursar.inbox_payload p ON p.inbox_id = i.id AND p.received_at = i.received_at WHERE i.id = %(id)s"""


class Row(NamedTuple):
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


class Job(NamedTuple):
    """A row whose facts are known: what `handler` will be called with."""

    row: Row
    event: Event
    route: Route
    facts: Sequence[Fact | Command]
    handler: Callable[[Any, Any], Any]

    @property
    def actor(self) -> str:
        """In whose name it is done, for the audit."""
        actor = self.event.envelope.get("actor") if self.row.source == "app" else None
        return f"app:{actor}" if actor else f"provider:{self.row.source}"

    def references(self) -> Iterator[tuple[str, str, str]]:
        """(aggregate, source, external id) of all rows that the handler will touch."""
        for fact in self.facts:
            if isinstance(fact, Command):
                yield from fact.references()
                continue
            for aggregate, external_id in fact.references():
                yield aggregate, fact.source, external_id
            for aggregate, external_id in fact.own_references():
                yield aggregate, OWN_SOURCE, external_id


def reading(claim: InboxClaim, ids: Iterable[int]) -> Statement:
    """What reads those of the rows that are still to be done, with their payloads, in id order."""
    # As text a body would travel at twice its size and be read digit by digit.
    return Statement(_READ, {"ids": as_array(ids), "first": claim.first, "last": claim.last}, BINARY)


def read_one(connection: Connection, row_id: int) -> Row | None:
    """One row in whatever state."""
    found = connection.exec_driver_sql(_READ_ONE, {"id": row_id}).one_or_none()
    return None if found is None else Row._make(found)


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
    facts = [said] if isinstance(said, (Fact, Command)) else list(said)
    return Job(row=row, event=event, route=found, facts=facts, handler=getattr(module, found.function))


def parse(row: Row) -> Event:
    """The row's event, by its source's parser."""
    if row.body is None:
        raise PayloadGoneError(
            f"the payload of inbox row {row.id} ({row.source} {row.event_id}) is gone: its age or a customer's erasure took it; "
            "its sha256 is kept"
        )
    headers: Mapping[str, str] = msgspec.json.decode(row.headers or "{}")
    parsed: Event = _envelope(row.source).parse(row.body, inbox_id=row.id, received_at=row.received_at, headers=headers)
    return parsed


@cache
def _envelope(source: str) -> Any:
    return importlib.import_module(f"providers.{source}.envelope")


class PayloadGoneError(RuntimeError):
    """A row whose bytes no longer exist cannot be processed."""
