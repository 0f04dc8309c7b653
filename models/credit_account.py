"""What a subscriber has in credits: one row over all his lots (CRED-6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class CreditAccount(Aggregate):
    """`external_id` is the subscriber's. `balance` is the sum of the ledger, and of what is left of the active lots."""

    __tablename__ = "credit_account"
    NAME: ClassVar[str] = "credit_account"
    PUBLIC_PREFIX: ClassVar[str] = "cacc"
    LOCK_ORDER: ClassVar[int] = 94

    balance: Mapped[int | None]
    entries: Mapped[int | None]
    """How many entries the ledger has."""
    open_lots: Mapped[list[Any] | None]
    """External ids of the active lots."""
    reset_at: Mapped[datetime | None]
    """When the subscription pool was last reset."""
    full_balance: Mapped[int | None]
    """What there was when the warning's period began: thresholds are percents of it."""
    warned_from: Mapped[datetime | None]
    """When that period began: with a reset or a purchase."""
    warned: Mapped[list[Any] | None]
    """Thresholds of which was warned since (CRED-8)."""
