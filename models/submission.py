"""The submission as a table: a call that makes or moves something at a provider, written before it is made (promise 4)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP, UUID

from models.base import Base

SUBMISSION = Table(
    "submission",
    Base.metadata,
    Column("id", BigInteger, primary_key=True),
    Column("source", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("request_type", Text, nullable=False),
    Column("request_ref", Text, nullable=False),
    Column("request_id", UUID(as_uuid=True), nullable=False),
    Column("attempt", SmallInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("account", Text),
    Column("body", Text, nullable=False),
    Column("reserved_at", TIMESTAMP(timezone=True), nullable=False),
    Column("inbox_id", BigInteger),
)
"""The columns that a unit of work writes; how it went (state, sends, answers) is in SQL of workers/submissions.py only."""
