"""Payers who contest a charge. One row per dispute at a provider."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate
from models.booked import Booked


class Dispute(Booked, Aggregate):
    """A dispute. What moved is in the funds columns, never in the status (DISPUTE-4)."""

    __tablename__ = "dispute"
    NAME: ClassVar[str] = "dispute"
    PUBLIC_PREFIX: ClassVar[str] = "dp"
    LOCK_ORDER: ClassVar[int] = 55
    DERIVED: ClassVar[frozenset[str]] = frozenset({"charge_id", "payment_id", "account_id"})

    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    status: Mapped[str | None]
    provider_status: Mapped[str | None]
    reason: Mapped[str | None]
    stage: Mapped[str | None]
    evidence_due_at: Mapped[datetime | None]
    is_charge_refundable: Mapped[bool | None]
    funds_withdrawn_minor: Mapped[int | None]
    funds_reinstated_minor: Mapped[int | None]
    balance_transactions: Mapped[list[Any] | None]
    charge_ref: Mapped[str | None]
    payment_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    confirmed: Mapped[bool | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    provider_created_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    charge_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
