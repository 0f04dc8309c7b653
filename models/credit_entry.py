"""The ledger of credits: what changed a lot, by how much, and what the subscriber has afterwards (CRED-6)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class CreditEntry(Base):
    """Append-only; each (fact, kind) changes a lot once. `seq` counts a subscriber's entries."""

    __tablename__ = "credit_entry"
    NAME: ClassVar[str] = "credit_entry"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    subscriber_ref: Mapped[str]
    seq: Mapped[int]
    at: Mapped[datetime]
    fact: Mapped[str]
    kind: Mapped[str]
    lot_ref: Mapped[str]
    pool: Mapped[str]
    origin: Mapped[str]
    amount: Mapped[int]
    balance_after: Mapped[int]
    expires_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    actor: Mapped[str]
