"""What a customer is subscribed to. One row per subscription at a provider."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate


class Subscription(Aggregate):
    """A subscription as the provider bills it (SUB-8). `customer_id` and `account_id` follow from the references."""

    __tablename__ = "subscription"
    NAME: ClassVar[str] = "subscription"
    PUBLIC_PREFIX: ClassVar[str] = "sub"
    LOCK_ORDER: ClassVar[int] = 20
    DERIVED: ClassVar[frozenset[str]] = frozenset({"customer_id", "account_id"})

    status: Mapped[str | None]
    provider_status: Mapped[str | None]
    customer_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    currency: Mapped[str | None]
    cycle_unit: Mapped[str | None]
    cycle_count: Mapped[int | None]
    quantity: Mapped[int | None]
    items: Mapped[list[Any] | None]
    current_period_start: Mapped[datetime | None]
    current_period_end: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    trial_start_at: Mapped[datetime | None]
    trial_end_at: Mapped[datetime | None]
    cancel_at_period_end: Mapped[bool | None]
    cancel_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancellation_reason: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    collection_method: Mapped[str | None]
    latest_invoice_ref: Mapped[str | None]
    default_payment_method_ref: Mapped[str | None]
    plan_ref: Mapped[str | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    provider_created_at: Mapped[datetime | None]
    customer_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
