"""Money that a subscriber has with us, and its ledger: from what he gave up unused, taken by his next invoices (CRED-10)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate, Base


class MoneyCredit(Aggregate):
    """`external_id` is `<subscriber>:<currency>`; `balance_minor` is the sum of the ledger's deltas, never below zero."""

    __tablename__ = "money_credit"
    NAME: ClassVar[str] = "money_credit"
    PUBLIC_PREFIX: ClassVar[str] = "mcr"
    LOCK_ORDER: ClassVar[int] = 34

    subscriber_ref: Mapped[str | None]
    currency: Mapped[str | None]
    balance_minor: Mapped[int | None]


class MoneyCreditEntry(Base):
    """One signed change; append-only. Unique (fact, kind): a change happens once."""

    __tablename__ = "money_credit_entry"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    credit_id: Mapped[UUID]
    at: Mapped[datetime]
    fact: Mapped[str]
    kind: Mapped[str]
    """`granted`, `applied` (to an invoice), `returned` (that invoice became void), `adjusted` (by a person)."""
    delta_minor: Mapped[int]
    subscription_ref: Mapped[str | None]
    period_start: Mapped[datetime | None]
    reason: Mapped[str | None]
    created_by: Mapped[str]
