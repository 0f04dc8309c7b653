"""What a payer set out to buy, and for which purpose (PAY-9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate


class Checkout(Aggregate):
    """A checkout; `purchase_status` says whether what was bought is to be delivered."""

    __tablename__ = "checkout"
    NAME: ClassVar[str] = "checkout"
    PUBLIC_PREFIX: ClassVar[str] = "co"
    LOCK_ORDER: ClassVar[int] = 42
    DERIVED: ClassVar[frozenset[str]] = frozenset(
        {
            "purchase_status",
            "customer_id",
            "account_id",
            "payment_id",
            "subscription_id",
            "invoice_id",
        }
    )

    status: Mapped[str | None]
    provider_status: Mapped[str | None]
    payment_status: Mapped[str | None]
    mode: Mapped[str | None]
    purpose: Mapped[str | None]
    purpose_ref: Mapped[str | None]
    customer_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    payment_ref: Mapped[str | None]
    subscription_ref: Mapped[str | None]
    invoice_ref: Mapped[str | None]
    client_reference: Mapped[str | None]
    currency: Mapped[str | None]
    amount_total_minor: Mapped[int | None]
    expires_at: Mapped[datetime | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    provider_created_at: Mapped[datetime | None]
    purchase_status: Mapped[str | None]
    customer_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None]
    subscription_id: Mapped[UUID | None]
    invoice_id: Mapped[UUID | None]
