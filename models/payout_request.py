"""Payouts that we make: one row per wish, and per account, currency and scheduled date."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class PayoutRequest(Aggregate):
    """A payout on request or on schedule (PAYOUT-1, 2). `asked_minor` is null where all that there is was asked for."""

    __tablename__ = "payout_request"
    NAME: ClassVar[str] = "payout_request"
    PUBLIC_PREFIX: ClassVar[str] = "prq"
    LOCK_ORDER: ClassVar[int] = 66

    status: Mapped[str | None]
    asked_minor: Mapped[int | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    account_ref: Mapped[str | None]
    slot_on: Mapped[date | None]
    payout_ref: Mapped[str | None]
    actor: Mapped[str | None]
    reason: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    polled_at: Mapped[datetime | None]
    requested_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
