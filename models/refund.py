"""Money that goes back to a payer. One row per refund at a provider."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate
from models.booked import Booked, Settled


class Refund(Booked, Settled, Aggregate):
    """A refund. `charge_id`, `payment_id` and `account_id` follow from the references beside them."""

    __tablename__ = "refund"
    NAME: ClassVar[str] = "refund"
    PUBLIC_PREFIX: ClassVar[str] = "re"
    LOCK_ORDER: ClassVar[int] = 50
    DERIVED: ClassVar[frozenset[str]] = frozenset({"charge_id", "payment_id", "account_id"})

    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    status: Mapped[str | None]
    provider_status: Mapped[str | None]
    reason: Mapped[str | None]
    failure_reason: Mapped[str | None]
    failed_at: Mapped[datetime | None]
    charge_ref: Mapped[str | None]
    payment_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    balance_transaction_ref: Mapped[str | None]
    failure_balance_transaction_ref: Mapped[str | None]
    transfer_reversal_ref: Mapped[str | None]
    source_transfer_reversal_ref: Mapped[str | None]
    confirmed: Mapped[bool | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    provider_created_at: Mapped[datetime | None]
    charge_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
