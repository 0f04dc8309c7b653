"""The outbox as a table: calls to the outside that this database has promised to make once per (kind, key)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from models.base import Base

OUTBOX = Table(
    "outbox",
    Base.metadata,
    Column("id", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("inbox_id", BigInteger),
    Column("state", Text, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("fair_at", TIMESTAMP(timezone=True), nullable=False),
    Column("next_at", TIMESTAMP(timezone=True), nullable=False),
    Column("attempts", SmallInteger, nullable=False),
)
"""The columns that verbs write and read; the machine's own (token, lease, ...) live in SQL only."""
