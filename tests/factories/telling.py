"""Tells a real database what events say, through their handlers and a real unit of work, without inbox and queue."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from billing.rules.facts.base import Fact
from billing.rules.facts.event import Event
from core.crypto import KeyRing
from models.database import make_engine
from tests.harness.cluster import Database
from workers.routing import fold
from workers.rows import StubTakenError
from workers.unit import Unit

T = TypeVar("T")
_PAYOUTS = ("account.", "payout.", "transfer.")
_OWN = ("id", "created_at", "updated_at", "booked")


class Teller:
    """Applies events to one database; `batch` many in one transaction, as the runner does, `tell` each in its own."""

    def __init__(self, database: Database) -> None:
        self._engine = make_engine(database.url)
        self._keys = KeyRing({"test": b"a key of sixteen or more"})

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def tell(self, *events: Event) -> None:
        """Each event in a transaction of its own, in this order."""
        for event in events:
            self.batch([event])

    def batch(self, events: Sequence[Event]) -> None:
        """All events in one unit of work: references first, then the handlers in order; again, where another made the same row."""
        while True:
            try:
                with Session(self._engine) as session, session.begin():
                    self._work(session, events)
                return
            except StubTakenError:
                continue

    def _work(self, session: Session, events: Sequence[Event]) -> None:
        jobs = [(event, *_job(event)) for event in events]
        unit = Unit(session.connection(), self._keys, now=events[0].occurred_at)
        said = [fact for _, facts, _ in jobs for fact in facts]
        unit.load((name, fact.source, key) for fact in said for name, key in fact.references())
        for event, facts, handler in jobs:
            unit.about(now=event.occurred_at, actor="stripe", reason=event.type, inbox_id=event.inbox_id)
            for fact in facts:
                handler(unit, fact)
        unit.flush()

    def imagine(self, batches: Sequence[Sequence[Event]], *tables: str) -> dict[str, list[dict[str, Any]]]:
        """The state that these batches, one after the other, would end in; everything is rolled back."""
        return self.supposing(batches, lambda connection: _state(connection, tables))

    def supposing(self, batches: Sequence[Sequence[Event]], look: Callable[[Connection], T]) -> T:
        """What `look` sees after these batches; everything is rolled back."""
        with Session(self._engine) as session:
            for events in batches:
                self._work(session, events)
                session.expunge_all()
            found = look(session.connection())
            session.rollback()
        return found

    def rows(self, table: str) -> list[dict[str, Any]]:
        """A table's rows: the audit trail in order, others by external id."""
        with self._engine.connect() as connection:
            return _rows(connection, table)

    def only(self, table: str) -> dict[str, Any]:
        """The table's one row."""
        [row] = self.rows(table)
        return row

    def moves(self, action: str) -> list[tuple[Any, Any]]:
        """The audited changes of one kind as (before, after), in order."""
        return [(row["before"], row["after"]) for row in self.rows("audit") if row["action"] == action]


def _rows(connection: Connection, table: str) -> list[dict[str, Any]]:
    order = "id" if table == "audit" else "source, external_id"
    return [dict(row) for row in connection.execute(text(f"SELECT * FROM bursar.{table} ORDER BY {order}")).mappings()]


def _state(connection: Connection, tables: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """What the tables hold, comparable from run to run: an id stands as what it points to."""
    held = {table: _rows(connection, table) for table in tables}
    names = {row["id"]: row["external_id"] for rows in held.values() for row in rows}

    def comparable(row: dict[str, Any]) -> dict[str, Any]:
        found = {key: value for key, value in row.items() if key not in _OWN}
        return {key: names.get(value, value) if isinstance(value, UUID) else value for key, value in found.items()}

    return {table: [comparable(row) for row in rows] for table, rows in held.items()}


def _job(event: Event) -> tuple[Sequence[Fact], Any]:
    module, function = fold(event.type)
    queue = "payouts" if event.type.startswith(_PAYOUTS) else "payments"
    found = importlib.import_module(f"tasks.{queue}.{event.source}.{module}")
    said: Fact | Sequence[Fact] = found.facts(event)
    return [said] if isinstance(said, Fact) else list(said), getattr(found, function)
