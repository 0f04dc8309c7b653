"""Money that we take back from an account: one row per transfer and row that wanted it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class TransferReversalRequest(Aggregate):
    """A reversal (REFUND-4, DISPUTE-1). `for_type` and `for_ref` name the request or dispute because of which it is made."""

    __tablename__ = "transfer_reversal_request"
    NAME: ClassVar[str] = "transfer_reversal_request"
    PUBLIC_PREFIX: ClassVar[str] = "trr"
    LOCK_ORDER: ClassVar[int] = 62

    status: Mapped[str | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    transfer_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    for_type: Mapped[str | None]
    for_ref: Mapped[str | None]
    reversal_ref: Mapped[str | None]
    actor: Mapped[str | None]
    reason: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    transfer_id: Mapped[UUID | None]
