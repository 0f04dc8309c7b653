"""That a billed period is settled: its price was paid, or it costs nothing. Once per subscription and period (USAGE-1, CRED-3)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class PeriodSettlement(Aggregate):
    """`source` is the subscription's; `external_id` is `<subscription>:<period_start as YYYYMMDDTHHMMSSZ>`."""

    __tablename__ = "period_settlement"
    NAME: ClassVar[str] = "period_settlement"
    PUBLIC_PREFIX: ClassVar[str] = "pset"
    LOCK_ORDER: ClassVar[int] = 32

    subscription_ref: Mapped[str | None]
    period_start: Mapped[datetime | None]
    because: Mapped[str | None]
    """`invoice_paid`, or `nothing_owed`."""
    invoice_ref: Mapped[str | None]
    settled_at: Mapped[datetime | None]
