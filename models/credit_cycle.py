"""Until when a subscription is paid, and when its credits are reset next within that (CRED-3)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class CreditCycle(Aggregate):
    """Source and external id are the subscription's."""

    __tablename__ = "credit_cycle"
    NAME: ClassVar[str] = "credit_cycle"
    PUBLIC_PREFIX: ClassVar[str] = "ccyc"
    LOCK_ORDER: ClassVar[int] = 95

    subscriber_ref: Mapped[str | None]
    paid_from: Mapped[datetime | None]
    paid_until: Mapped[datetime | None]
    month_start: Mapped[datetime | None]
    """When the credit month began whose credits were granted last."""
    next_reset_at: Mapped[datetime | None]
