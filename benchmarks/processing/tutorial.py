"""Celery as its tutorials use it: one message per event, one transaction per task, default settings.

Three tasks: one that does nothing, the job in plain SQL, and the job by the ORM.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

import psycopg
from celery import Celery
from sqlalchemy import create_engine
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TIMESTAMP

from core.clock import SystemClock

app = Celery("tutorial", broker=os.environ.get("TUTORIAL_BROKER"))


class Base(DeclarativeBase):
    """The models' base."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: TIMESTAMP(timezone=True), dict[str, Any]: JSONB}


class Event(Base):
    """An event to be processed."""

    __tablename__ = "inbox"
    __table_args__ = ({"schema": "bursar"},)
    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str]
    object_id: Mapped[str]
    state: Mapped[str]
    received_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Payload(Base):
    """Its bytes."""

    __tablename__ = "inbox_payload"
    __table_args__ = ({"schema": "bursar"},)
    inbox_id: Mapped[int] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(primary_key=True)
    body: Mapped[bytes]


class Item(Base):
    """What an event changes."""

    __tablename__ = "item"
    __table_args__ = ({"schema": "bench"},)
    id: Mapped[str] = mapped_column(primary_key=True)
    amount: Mapped[int]
    status: Mapped[str]
    event: Mapped[str | None]
    changed_at: Mapped[datetime | None]


class Effect(Base):
    """What an event adds."""

    __tablename__ = "effect"
    __table_args__ = ({"schema": "bench"},)
    id: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str]
    event: Mapped[str]
    at: Mapped[datetime]
    detail: Mapped[dict[str, Any]]


@cache
def _connection() -> psycopg.Connection[tuple[object, ...]]:
    """One per process; tutorials that connect for each task are slower still."""
    return psycopg.connect(os.environ["TUTORIAL_DATABASE"])


@app.task(name="tutorial.handle")  # type: ignore[untyped-decorator]  # celery has no types
def handle(row_id: int) -> None:
    """Load the event, do the job (one UPDATE, one INSERT), mark it done, commit."""
    now = SystemClock().now()
    connection = _connection()
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.event_id, i.object_id, p.body FROM bursar.inbox i JOIN bursar.inbox_payload p ON p.inbox_id = i.id "
            "AND p.received_at = i.received_at WHERE i.id = %s",
            [row_id],
        )
        found = cursor.fetchone()
        assert found is not None
        json.loads(found[2])  # type: ignore[arg-type]  # bytes
        cursor.execute(
            "UPDATE bench.item SET amount = amount + 1, status = 'paid', event = %s, changed_at = %s WHERE id = %s",
            (found[0], now, found[1]),
        )
        cursor.execute(
            "INSERT INTO bench.effect (item, event, at, detail) VALUES (%s, %s, %s, %s)",
            (found[1], found[0], now, '{"status": "paid"}'),
        )
        cursor.execute("UPDATE bursar.inbox SET state = 'done', done_at = %s WHERE id = %s", (now, row_id))


@app.task(name="tutorial.handle_by_orm")  # type: ignore[untyped-decorator]  # celery has no types
def handle_by_orm(row_id: int) -> None:
    """The same job with a session and mapped classes."""
    now = SystemClock().now()
    with Session(_engine()) as session, session.begin():
        event = session.get_one(Event, row_id)
        json.loads(session.get_one(Payload, (event.id, event.received_at)).body)
        item = session.get_one(Item, event.object_id)
        item.amount, item.status, item.event, item.changed_at = item.amount + 1, "paid", event.event_id, now
        session.add(Effect(item=item.id, event=event.event_id, at=now, detail={"status": "paid"}))
        event.state, event.done_at = "done", now


@cache
def _engine() -> Any:
    return create_engine(os.environ["TUTORIAL_DATABASE"].replace("postgresql://", "postgresql+psycopg://", 1))


@app.task(name="tutorial.nothing")  # type: ignore[untyped-decorator]  # celery has no types
def nothing(row_id: int) -> None:
    """What a message costs."""


@app.task(name="tutorial.finish")  # type: ignore[untyped-decorator]  # celery has no types
def finish() -> None:
    """The last message of a run of `nothing`: says when it was over."""
    now = SystemClock().now()
    with _connection().transaction():
        _connection().execute("UPDATE bursar.inbox SET state = 'done', done_at = %s WHERE state = 'received'", [now])
