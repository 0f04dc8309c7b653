"""Shares of payments that we pass on to accounts: one row per payment."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class TransferRequest(Aggregate):
    """A payee's share (PAYOUT-5): `amount_minor` = `payment_minor` - `fee_minor`; `made_minor` is what the provider says that it moved."""

    __tablename__ = "transfer_request"
    NAME: ClassVar[str] = "transfer_request"
    PUBLIC_PREFIX: ClassVar[str] = "trq"
    LOCK_ORDER: ClassVar[int] = 61

    status: Mapped[str | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    payment_ref: Mapped[str | None]
    charge_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    payment_minor: Mapped[int | None]
    fee_minor: Mapped[int | None]
    transfer_ref: Mapped[str | None]
    netted_minor: Mapped[int | None]
    """What of the share was kept because the account owed it."""
    made_minor: Mapped[int | None]
    taken_back: Mapped[dict[str, Any] | None]
    """Where there are no transfers: row that wanted it -> what was taken back of the share, in minor units."""
    attempt: Mapped[int | None]
    actor: Mapped[str | None]
    reason: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    payment_id: Mapped[UUID | None]
