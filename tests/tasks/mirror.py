"""Plays providers' events through the real parsers, handlers and unit of work, and looks at the rows that came out."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from billing.rules.facts.base import Fact
from core.crypto import KeyRing
from models import aggregates as _all_models  # noqa: F401 - references name any of them
from models.base import Aggregate
from models.database import make_engine
from tests.harness.cluster import Database
from workers.routing import fold
from workers.unit import Unit

RECEIVED = datetime(2027, 1, 7, tzinfo=UTC)
KEYS = KeyRing({"k1": b"a key of the tests only"})
_MACHINE = {"id", "created_at", "updated_at", "booked"}  # booked legs follow the order of telling; their sums do not

Rows = dict[str, dict[str, Any]]


@dataclass
class Mirror:
    """A database whose every play is rolled back, so that many orders can be tried on it."""

    engine: sqlalchemy.Engine
    source: str
    queues: Mapping[str, str]
    """Handler module -> queue."""

    @contextmanager
    def played(self, bodies: Sequence[bytes], *, batch: int = 50) -> Iterator[Session]:
        """The session after these events, in batches; nothing stays."""
        with Session(self.engine, autoflush=False, expire_on_commit=False) as session:
            for start in range(0, len(bodies), batch):
                self._run(session, bodies[start : start + batch])
            session.expunge_all()
            yield session
            session.rollback()

    def rows(self, bodies: Sequence[bytes], *models: type[Aggregate], batch: int = 50) -> dict[str, Rows]:
        """Business values of all rows after these events: model name -> external id -> column -> value."""
        with self.played(bodies, batch=batch) as session:
            return {model.NAME: snapshot(session, model) for model in models}

    def audited(self, bodies: Sequence[bytes]) -> list[tuple[str, Any, Any]]:
        """(action, before, after) of the audit rows, in order."""
        with self.played(bodies) as session:
            query = text("SELECT action, before, after FROM bursar.audit ORDER BY id")
            return [tuple(row) for row in session.execute(query)]

    def sent(self, bodies: Sequence[bytes]) -> list[tuple[str, str, Any, str]]:
        """(kind, key, payload, queue) of the outbox rows, in order of their keys."""
        with self.played(bodies) as session:
            query = text("SELECT kind, key, payload, queue FROM bursar.outbox ORDER BY kind, key")
            return [tuple(row) for row in session.execute(query)]

    def _run(self, session: Session, bodies: Sequence[bytes]) -> None:
        unit = Unit(session.connection(), KEYS, now=RECEIVED)
        jobs = []
        envelope = importlib.import_module(f"providers.{self.source}.envelope")
        for body in bodies:
            event = envelope.parse(body, inbox_id=1, received_at=RECEIVED, headers={})
            name, function = fold(event.type)
            module = importlib.import_module(f"tasks.{self.queues[name]}.{self.source}.{name}")
            found = module.facts(event)
            jobs.append((event, [found] if isinstance(found, Fact) else list(found), getattr(module, function)))
        said = [fact for _, facts, _ in jobs for fact in facts]
        unit.load((aggregate, fact.source, key) for fact in said for aggregate, key in fact.references())
        for event, facts, handler in jobs:
            unit.about(now=event.occurred_at, actor=f"provider:{self.source}", reason=event.type, inbox_id=None)
            for fact in facts:
                handler(unit, fact)
        unit.flush()


def snapshot(session: Session, model: type[Aggregate]) -> Rows:
    """All rows of a table; ids of other rows only as whether they are set, because each play makes new ones."""
    names = [attr.key for attr in sqlalchemy.inspect(model).column_attrs if attr.key not in _MACHINE]
    return {
        row.external_id: {name: _value(name, getattr(row, name)) for name in names}
        for row in session.scalars(select(model))
    }


def _value(name: str, value: Any) -> Any:
    return value is not None if name.endswith("_id") and name != "external_id" else value


def make_mirror(database: Database, source: str, queues: Mapping[str, str]) -> Mirror:
    """A mirror over a fresh database."""
    return Mirror(make_engine(database.url), source, queues)
