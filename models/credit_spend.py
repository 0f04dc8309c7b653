"""What credits were spent on: the log of operations (CRED-7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class CreditSpend(Aggregate):
    """`external_id` is the app's name of the operation."""

    __tablename__ = "credit_spend"
    NAME: ClassVar[str] = "credit_spend"
    PUBLIC_PREFIX: ClassVar[str] = "spend"
    LOCK_ORDER: ClassVar[int] = 97

    subscriber_ref: Mapped[str | None]
    amount: Mapped[int | None]
    site: Mapped[str | None]
    operation: Mapped[str | None]
    model: Mapped[str | None]
    lots: Mapped[dict[str, Any] | None]
    """Lot -> credits."""
    balance_after: Mapped[int | None]
    spent_at: Mapped[datetime | None]
    given_back: Mapped[int | None]
    """What of it came back because the operation failed."""
    given_back_at: Mapped[datetime | None]
