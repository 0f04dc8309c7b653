"""Credits that were granted together: how many, how many are left, until when (CRED-1)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class CreditLot(Aggregate):
    """`external_id` says what they were granted for, so that it happens once."""

    __tablename__ = "credit_lot"
    NAME: ClassVar[str] = "credit_lot"
    PUBLIC_PREFIX: ClassVar[str] = "lot"
    LOCK_ORDER: ClassVar[int] = 96

    status: Mapped[str | None]
    subscriber_ref: Mapped[str | None]
    pool: Mapped[str | None]
    """`subscription`, `purchased` or `bonus`."""
    origin: Mapped[str | None]
    """`subscription`, `package`, `bonus` or `adjustment`."""
    amount: Mapped[int | None]
    remaining: Mapped[int | None]
    granted_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None]
    """`spent`, `expiry`, `reset`, `clawback` or `adjustment`."""
    product_ref: Mapped[str | None]
    subscription_source: Mapped[str | None]
    subscription_ref: Mapped[str | None]
    month_start: Mapped[datetime | None]
    """Of the subscription pool: the credit month."""
    invoice_ref: Mapped[str | None]
    payment_ref: Mapped[str | None]
    clawed_back: Mapped[int | None]
    """What a refund took and would give back if it failed."""
    reason: Mapped[str | None]
    actor: Mapped[str | None]
