"""Refunds of many payments at once, and what became of each (REFUND-10)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class RefundBatch(Aggregate):
    """One wish; its payments are its items. `acting` is for whom the actor acts, as the command said."""

    __tablename__ = "refund_batch"
    NAME: ClassVar[str] = "refund_batch"
    PUBLIC_PREFIX: ClassVar[str] = "rbat"
    LOCK_ORDER: ClassVar[int] = 37

    status: Mapped[str | None]
    purpose: Mapped[str | None]
    purpose_ref: Mapped[str | None]
    reason: Mapped[str | None]
    acting: Mapped[dict[str, Any] | None]
    note: Mapped[str | None]
    actor: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]


class RefundItem(Aggregate):
    """One payment of a batch; `external_id` is `<batch>:<payment>`, `reference` its refund's."""

    __tablename__ = "refund_item"
    NAME: ClassVar[str] = "refund_item"
    PUBLIC_PREFIX: ClassVar[str] = "ritm"
    LOCK_ORDER: ClassVar[int] = 39

    status: Mapped[str | None]
    batch_ref: Mapped[str | None]
    payment_ref: Mapped[str | None]
    reference: Mapped[str | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    code: Mapped[str | None]
    message: Mapped[str | None]
