"""An account's turn at a scheduled date: one row per account and date, whatever came of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class PayoutTurn(Aggregate):
    """One turn (PAYOUT-7). `outcomes` is currency -> {outcome, amount_minor, limit_minor, netted_minor, request}."""

    __tablename__ = "payout_turn"
    NAME: ClassVar[str] = "payout_turn"
    PUBLIC_PREFIX: ClassVar[str] = "turn"
    LOCK_ORDER: ClassVar[int] = 15

    status: Mapped[str | None]
    account_ref: Mapped[str | None]
    slot_on: Mapped[date | None]
    outcomes: Mapped[dict[str, Any] | None]
    polled_at: Mapped[datetime | None]
    requested_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
