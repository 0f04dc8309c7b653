"""What was billed: a row per subscription and period, which the database lets exist once (SUB-3)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class SubscriptionPeriod(Base):
    """Append-only; what it was opened with. A second run that would open it again is refused by its key."""

    __tablename__ = "subscription_period"
    NAME: ClassVar[str] = "subscription_period"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    subscription_ref: Mapped[str]
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    cycle_no: Mapped[int | None]
    quantity: Mapped[int | None]
    unit_price_minor: Mapped[int | None]
    currency: Mapped[str | None]
    price_ref: Mapped[str | None]
    invoice_ref: Mapped[str | None]
    seats_minor: Mapped[int | None]
    """What of the invoice is for seats added or given up (below zero) in the periods before it; None: nothing."""
    opened_at: Mapped[datetime]
