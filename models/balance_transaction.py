"""Moves of a balance at Stripe, as Stripe itself keeps them, and how far each balance has been read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate
from models.booked import Booked


class BalanceTransaction(Booked, Aggregate):
    """A balance transaction. Signed minor units of the balance's currency; `net_minor` = `amount_minor` - `fee_minor`."""

    __tablename__ = "balance_transaction"
    NAME: ClassVar[str] = "balance_transaction"
    PUBLIC_PREFIX: ClassVar[str] = "txn"
    LOCK_ORDER: ClassVar[int] = 85

    type_: Mapped[str | None] = mapped_column("type")
    reporting_category: Mapped[str | None]
    amount_minor: Mapped[int | None]
    fee_minor: Mapped[int | None]
    net_minor: Mapped[int | None]
    fees: Mapped[list[Any] | None]
    currency: Mapped[str | None]
    exchange_rate: Mapped[str | None]
    source_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    status: Mapped[str | None]
    available_at: Mapped[datetime | None]
    provider_created_at: Mapped[datetime | None]


class BalanceList(Aggregate):
    """How far a balance was read; `external_id` is the connected account, or `platform`. Ours: no fact merges into it."""

    __tablename__ = "balance_list"
    NAME: ClassVar[str] = "balance_list"
    PUBLIC_PREFIX: ClassVar[str] = "bal"
    LOCK_ORDER: ClassVar[int] = 86

    newest_ref: Mapped[str | None]
    newest_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
