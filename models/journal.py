"""The journal and its accounts as tables; both are only ever added to (promise 5)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from models.base import Base

JOURNAL = Table(
    "journal",
    Base.metadata,
    Column("id", BigInteger, primary_key=True),
    Column("fact", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("leg", SmallInteger, nullable=False),
    Column("debit", Text, nullable=False),
    Column("credit", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("posted_at", TIMESTAMP(timezone=True), nullable=False),
    Column("inbox_id", BigInteger),
)

JOURNAL_ACCOUNT = Table(
    "journal_account",
    Base.metadata,
    Column("code", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("class", Text, nullable=False),
    Column("normal", Text, nullable=False),
    Column("strict", Boolean, nullable=False),
    Column("provider", Text, nullable=False),
    Column("owner", Text),
)
