"""Money that the platform moved to connected accounts. One row per transfer at a provider."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate
from models.booked import Booked


class Transfer(Booked, Aggregate):
    """A transfer.

    `status` is derived from the provider's word and the amounts, hence the same in any order of events.
    """

    __tablename__ = "transfer"
    NAME: ClassVar[str] = "transfer"
    PUBLIC_PREFIX: ClassVar[str] = "tr"
    LOCK_ORDER: ClassVar[int] = 60
    DERIVED: ClassVar[frozenset[str]] = frozenset({"status", "account_id", "charge_id", "reversals", "adopted"})

    amount_minor: Mapped[int | None]
    reversed_minor: Mapped[int | None]
    currency: Mapped[str | None]
    provider_status: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    destination_ref: Mapped[str | None]
    destination_payment_ref: Mapped[str | None]
    charge_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    balance_transaction_ref: Mapped[str | None]
    transfer_group: Mapped[str | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    provider_created_at: Mapped[datetime | None]
    status: Mapped[str | None]
    account_id: Mapped[UUID | None]
    charge_id: Mapped[UUID | None]
    reversals: Mapped[dict[str, Any] | None]
    """What our own reversals take from it: request's reference -> {amount_minor, status}."""
    adopted: Mapped[dict[str, Any] | None]
    """Nobody asked for it, and a person decided what it is: the payee's own, or owed by him."""
