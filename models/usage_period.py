"""Into which period a subscriber's usage counts: the last one that was settled (USAGE-1)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class UsagePeriod(Aggregate):
    """`external_id` is the subscriber's. Without a `period_start` no period was settled yet."""

    __tablename__ = "usage_period"
    NAME: ClassVar[str] = "usage_period"
    PUBLIC_PREFIX: ClassVar[str] = "uper"
    LOCK_ORDER: ClassVar[int] = 98

    subscription_source: Mapped[str | None]
    subscription_ref: Mapped[str | None]
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    before_ref: Mapped[str | None]
    """The period before, as counters begin their names with it."""
    before_start: Mapped[datetime | None]
