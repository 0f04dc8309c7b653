"""What a provider's meter is told (USAGE-5): a row per counter and command."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class MeterReport(Aggregate):
    """A request: written before any call."""

    __tablename__ = "meter_report"
    NAME: ClassVar[str] = "meter_report"
    PUBLIC_PREFIX: ClassVar[str] = "mrep"
    LOCK_ORDER: ClassVar[int] = 102

    status: Mapped[str | None]
    counter_ref: Mapped[str | None]
    customer_ref: Mapped[str | None]
    event_name: Mapped[str | None]
    quantity: Mapped[int | None]
    used_at: Mapped[datetime | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    completed_at: Mapped[datetime | None]
