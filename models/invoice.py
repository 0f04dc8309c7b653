"""What a customer owes or owed. One row per invoice at a provider."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate


class Invoice(Aggregate):
    """An invoice as the provider issued it; the ids follow from the references."""

    __tablename__ = "invoice"
    NAME: ClassVar[str] = "invoice"
    PUBLIC_PREFIX: ClassVar[str] = "in"
    LOCK_ORDER: ClassVar[int] = 30
    DERIVED: ClassVar[frozenset[str]] = frozenset(
        {"customer_id", "subscription_id", "account_id", "refund_shares", "refunded_minor", "credit_note_refs"}
    )

    status: Mapped[str | None]
    provider_status: Mapped[str | None]
    number: Mapped[str | None]
    customer_ref: Mapped[str | None]
    subscription_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    payment_ref: Mapped[str | None]
    charge_ref: Mapped[str | None]
    currency: Mapped[str | None]
    subtotal_minor: Mapped[int | None]
    tax_minor: Mapped[int | None]
    total_minor: Mapped[int | None]
    amount_due_minor: Mapped[int | None]
    amount_paid_minor: Mapped[int | None]
    amount_remaining_minor: Mapped[int | None]
    billing_reason: Mapped[str | None]
    collection_method: Mapped[str | None]
    attempt_count: Mapped[int | None]
    next_payment_attempt_at: Mapped[datetime | None]
    paid_out_of_band: Mapped[bool | None]
    due_at: Mapped[datetime | None]
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    finalized_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    marked_uncollectible_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    finalization_error: Mapped[str | None]
    lines: Mapped[list[Any] | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    provider_created_at: Mapped[datetime | None]
    customer_id: Mapped[UUID | None]
    subscription_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    refund_shares: Mapped[dict[str, Any] | None]
    """Payment -> what of it went back, in minor units."""
    refunded_minor: Mapped[int | None]
    """REFUND-5: what of it went back to the payer in all; the invoice stays paid."""
    credit_note_refs: Mapped[list[Any] | None]
    """The documents that lower it."""
