"""Documents that lower an invoice, as the provider issued them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate


class CreditNote(Aggregate):
    """A credit note of the provider's."""

    __tablename__ = "credit_note"
    NAME: ClassVar[str] = "credit_note"
    PUBLIC_PREFIX: ClassVar[str] = "cn"
    LOCK_ORDER: ClassVar[int] = 35
    DERIVED: ClassVar[frozenset[str]] = frozenset({"invoice_id", "customer_id"})

    number: Mapped[str | None]
    kind: Mapped[str | None]
    status: Mapped[str | None]
    provider_status: Mapped[str | None]
    reason: Mapped[str | None]
    currency: Mapped[str | None]
    amount_minor: Mapped[int | None]
    subtotal_minor: Mapped[int | None]
    tax_minor: Mapped[int | None]
    pre_payment_minor: Mapped[int | None]
    post_payment_minor: Mapped[int | None]
    out_of_band_minor: Mapped[int | None]
    refund_refs: Mapped[list[Any] | None]
    invoice_ref: Mapped[str | None]
    customer_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    provider_created_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    invoice_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
