"""What both tutorials share: an engine with its default pool, one model, a session factory, a Celery task."""

from __future__ import annotations

import os
from datetime import datetime

from celery import Celery
from sqlalchemy import DateTime, Text, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from benchmarks.peers.paths import TUTORIAL_TABLE

# SQLAlchemy's default of 15 connections locks FastAPI's 40 threads out from one another (30 s each, then errors), so here
# every thread can have one.
engine = create_engine(
    os.environ["PEER_DATABASE"].replace("postgresql://", "postgresql+psycopg://", 1), pool_size=40, max_overflow=0
)
Session = sessionmaker(engine)
celery = Celery("tutorial", broker=os.environ["PEER_BROKER"])


class Base(DeclarativeBase):
    """The models' base."""


class Event(Base):
    """A webhook event."""

    __tablename__ = TUTORIAL_TABLE

    id: Mapped[int] = mapped_column(primary_key=True)
    stripe_id: Mapped[str] = mapped_column(Text, unique=True)
    type: Mapped[str] = mapped_column(Text)
    payload: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))


@celery.task(name="peers.process")  # type: ignore[untyped-decorator]  # celery has no types
def process(event_id: int) -> None:
    """What would be done with it; nobody takes these messages here."""


Base.metadata.create_all(engine)
