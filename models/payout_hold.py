"""Money of an account that must not leave: one row per reason to hold it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class PayoutHold(Aggregate):
    """A hold (PAYOUT-4). `external_id` says what it is about, such as `dispute:dp_1`; without an amount it holds all."""

    __tablename__ = "payout_hold"
    NAME: ClassVar[str] = "payout_hold"
    PUBLIC_PREFIX: ClassVar[str] = "hold"
    LOCK_ORDER: ClassVar[int] = 14

    status: Mapped[str | None]
    account_ref: Mapped[str | None]
    reason: Mapped[str | None]
    currency: Mapped[str | None]
    amount_minor: Mapped[int | None]
    note: Mapped[str | None]
    actor: Mapped[str | None]
    opened_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
