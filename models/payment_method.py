"""A customer's ways to pay."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate


class PaymentMethod(Aggregate):
    """A card, mandate or wallet (PAY-7)."""

    __tablename__ = "payment_method"
    NAME: ClassVar[str] = "payment_method"
    PUBLIC_PREFIX: ClassVar[str] = "pm"
    LOCK_ORDER: ClassVar[int] = 12
    DERIVED: ClassVar[frozenset[str]] = frozenset({"customer_id", "account_id", "expired_at", "expiry_warned_at"})

    kind: Mapped[str | None]
    customer_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    brand: Mapped[str | None]
    last4: Mapped[str | None]
    exp_month: Mapped[int | None]
    exp_year: Mapped[int | None]
    country: Mapped[str | None]
    funding: Mapped[str | None]
    detached_at: Mapped[datetime | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    provider_created_at: Mapped[datetime | None]
    customer_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    expired_at: Mapped[datetime | None]
    """When we saw that its month is over (PAY-6)."""
    expiry_warned_at: Mapped[datetime | None]
