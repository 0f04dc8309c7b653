"""What customers owe from amounts too small to charge (PAY-17): one row per customer and currency, and a ledger behind it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate, Base


class CustomerBalance(Aggregate):
    """`owed_minor` is the sum of the ledger's deltas; its `external_id` is `<customer>:<currency>`."""

    __tablename__ = "customer_balance"
    NAME: ClassVar[str] = "customer_balance"
    PUBLIC_PREFIX: ClassVar[str] = "cbal"
    LOCK_ORDER: ClassVar[int] = 64

    customer_ref: Mapped[str | None]
    currency: Mapped[str | None]
    owed_minor: Mapped[int | None]


class CustomerBalanceEntry(Base):
    """One change; append-only. Positive: the customer owes more. Unique (fact, kind): a change happens once."""

    __tablename__ = "customer_balance_entry"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    balance_id: Mapped[UUID]
    at: Mapped[datetime]
    fact: Mapped[str]
    kind: Mapped[str]
    delta_minor: Mapped[int]
    created_by: Mapped[str]
