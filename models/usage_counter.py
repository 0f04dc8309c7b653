"""What a subscriber used of a meter in a period (USAGE-1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class UsageCounter(Aggregate):
    """`value` is the aggregate in the meter's smallest unit."""

    __tablename__ = "usage_counter"
    NAME: ClassVar[str] = "usage_counter"
    PUBLIC_PREFIX: ClassVar[str] = "ctr"
    LOCK_ORDER: ClassVar[int] = 104

    subscriber_ref: Mapped[str | None]
    meter_ref: Mapped[str | None]
    subscription_source: Mapped[str | None]
    subscription_ref: Mapped[str | None]
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    events: Mapped[int | None]
    value: Mapped[int | None]
    last_at: Mapped[datetime | None]
    """When the newest measurement was made."""
    alerted: Mapped[list[Any] | None]
    """Thresholds of which was told, each once (USAGE-4)."""
    reports: Mapped[int | None]
    """How many reports went to the provider's meter."""
