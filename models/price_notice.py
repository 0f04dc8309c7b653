"""Who was told that his price changes, and whether the mail went out (PRICE-3)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class PriceNotice(Aggregate):
    """`external_id` is `<subscriber>:<price>`: one per customer and version. Without `delivered_at` in time nobody's price is raised."""

    __tablename__ = "price_notice"
    NAME: ClassVar[str] = "price_notice"
    PUBLIC_PREFIX: ClassVar[str] = "pntc"
    LOCK_ORDER: ClassVar[int] = 24

    status: Mapped[str | None]
    subscriber_ref: Mapped[str | None]
    price_ref: Mapped[str | None]
    subscription_ref: Mapped[str | None]
    from_minor: Mapped[int | None]
    to_minor: Mapped[int | None]
    currency: Mapped[str | None]
    changes_at: Mapped[datetime | None]
    """The first period that may cost more."""
    mail_key: Mapped[str | None]
    asked_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    """When the mail server took it."""
