"""A measurement that the app reported, once per key (USAGE-3)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class UsageEvent(Aggregate):
    """`external_id` is the app's key of it."""

    __tablename__ = "usage_event"
    NAME: ClassVar[str] = "usage_event"
    PUBLIC_PREFIX: ClassVar[str] = "use"
    LOCK_ORDER: ClassVar[int] = 99

    subscriber_ref: Mapped[str | None]
    meter_ref: Mapped[str | None]
    quantity: Mapped[int | None]
    item: Mapped[str | None]
    """What a meter of the aggregation `unique` counts."""
    used_at: Mapped[datetime | None]
    counter_ref: Mapped[str | None]
    """Where it counts; None: it came too late for any counter."""
    late: Mapped[bool | None]
