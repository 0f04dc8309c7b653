"""Refunds that we ask a provider for: written before any call (REFUND-2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class RefundRequest(Aggregate):
    """A refund. `external_id` is its reference REF-YYYYMMDD-XXXXXXXX, `key` the app's own name for it.

    `fee_minor` and `transfer_minor` are what platform and payee bear of it; `fee_status` and `share_status` say how these two
    moves stand. `history` is a list of {status, at, actor}, `notes` of {kind, text, at, actor}, kind `internal`, `customer` or
    `gateway`.
    """

    __tablename__ = "refund_request"
    NAME: ClassVar[str] = "refund_request"
    PUBLIC_PREFIX: ClassVar[str] = "rreq"
    LOCK_ORDER: ClassVar[int] = 38
    """Before the payment: an answer names the request alone, and its payment is locked after it."""

    status: Mapped[str | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    payment_ref: Mapped[str | None]
    charge_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    """The connected account in which the charge lives (a direct charge)."""
    payee_ref: Mapped[str | None]
    """The account that gives back `transfer_minor`."""
    key: Mapped[str | None]
    reason: Mapped[str | None]
    fee_policy: Mapped[str | None]
    fee_minor: Mapped[int | None]
    transfer_minor: Mapped[int | None]
    fee_status: Mapped[str | None]
    share_status: Mapped[str | None]
    share_step: Mapped[int | None]
    refund_ref: Mapped[str | None]
    undone_at: Mapped[datetime | None]
    notes: Mapped[list[Any] | None]
    history: Mapped[list[Any] | None]
    actor: Mapped[str | None]
    decided_by: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    payment_id: Mapped[UUID | None]
