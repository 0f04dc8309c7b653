"""What one subscriber pays for one product, whatever is published for the others: kept prices and agreed ones (PRICE-5, PRICE-6)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class PriceAssignment(Aggregate):
    """`external_id` is `<kind>:<subscriber>:<product>:<count><unit>:<currency>`: one of each kind, set anew by its command."""

    __tablename__ = "price_assignment"
    NAME: ClassVar[str] = "price_assignment"
    PUBLIC_PREFIX: ClassVar[str] = "pasg"
    LOCK_ORDER: ClassVar[int] = 23

    status: Mapped[str | None]
    kind: Mapped[str | None]
    """`override` or `grandfather`."""
    subscriber_ref: Mapped[str | None]
    product_ref: Mapped[str | None]
    cycle_unit: Mapped[str | None]
    cycle_count: Mapped[int | None]
    currency: Mapped[str | None]
    price_ref: Mapped[str | None]
    """Of a grandfathered one: the version that stays his."""
    unit_amount_minor: Mapped[int | None]
    locked_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    """None: for as long as he has the product."""
    warned_at: Mapped[datetime | None]
    """When he was told that it ends; it goes on for 30 days from then at least (PRICE-7)."""
    ended_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    actor: Mapped[str | None]
