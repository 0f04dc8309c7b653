"""What is measured, how it is added up and shown (USAGE-3)."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class Meter(Aggregate):
    """`external_id` is the app's key of it."""

    __tablename__ = "meter"
    NAME: ClassVar[str] = "meter"
    PUBLIC_PREFIX: ClassVar[str] = "meter"
    LOCK_ORDER: ClassVar[int] = 93

    name: Mapped[str | None]
    category: Mapped[str | None]
    aggregation: Mapped[str | None]
    rounding: Mapped[str | None]
    unit_size: Mapped[int | None]
    """So many of what is recorded are one of what is shown and limited."""
    limit_name: Mapped[str | None]
    """Under which name a product's limits have its limit."""
    alert_percents: Mapped[list[Any] | None]
    """Percents of the limit at which the subscriber is told (USAGE-4)."""
    provider_event_name: Mapped[str | None]
    """The provider's meter that is told, too (USAGE-5)."""
