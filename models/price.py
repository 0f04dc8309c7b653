"""What products cost: a row per version, never changed once it is published (PRICE-1)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class Price(Aggregate):
    """One version of one product's price in one currency and cycle; `external_id` is `<product>:<count><unit>:<currency>:v<version>`."""

    __tablename__ = "price"
    NAME: ClassVar[str] = "price"
    PUBLIC_PREFIX: ClassVar[str] = "price"
    LOCK_ORDER: ClassVar[int] = 7

    product_ref: Mapped[str | None]
    cycle_unit: Mapped[str | None]
    """`once` for packages."""
    cycle_count: Mapped[int | None]
    currency: Mapped[str | None]
    version: Mapped[int | None]
    unit_amount_minor: Mapped[int | None]
    """Per seat (quantity 1) and cycle."""
    effective_for_new_at: Mapped[datetime | None]
    effective_for_existing_at: Mapped[datetime | None]
    """PRICE-2; None: existing subscribers keep theirs."""
    notice_days: Mapped[int | None]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None]
    reason: Mapped[str | None]
