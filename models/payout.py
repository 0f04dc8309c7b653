"""Money on its way to a bank, a card or a wallet. One row per payout at a provider."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate
from models.booked import Booked


class Payout(Booked, Aggregate):
    """A payout. `status` paid may still become failed or returned (PAYOUT-6)."""

    __tablename__ = "payout"
    NAME: ClassVar[str] = "payout"
    PUBLIC_PREFIX: ClassVar[str] = "po"
    LOCK_ORDER: ClassVar[int] = 65
    DERIVED: ClassVar[frozenset[str]] = frozenset({"account_id"})

    amount_minor: Mapped[int | None]
    fee_minor: Mapped[int | None]
    currency: Mapped[str | None]
    status: Mapped[str | None]
    provider_status: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    paid_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    arrival_on: Mapped[date | None]
    automatic: Mapped[bool | None]
    method: Mapped[str | None]
    destination_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    batch_ref: Mapped[str | None]
    balance_transaction_ref: Mapped[str | None]
    failure_balance_transaction_ref: Mapped[str | None]
    original_payout_ref: Mapped[str | None]
    reversed_by_ref: Mapped[str | None]
    reconciliation_status: Mapped[str | None]
    confirmed: Mapped[bool | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    provider_created_at: Mapped[datetime | None]
    account_id: Mapped[UUID | None]
