"""Bank transfers that a customer says he made, and what our own people found when they looked (PAY-8)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class BankTransfer(Aggregate):
    """One per reference; its money is the payment of the same source and reference."""

    __tablename__ = "bank_transfer"
    NAME: ClassVar[str] = "bank_transfer"
    PUBLIC_PREFIX: ClassVar[str] = "bt"
    LOCK_ORDER: ClassVar[int] = 41

    status: Mapped[str | None]
    amount_minor: Mapped[int | None]
    arrived_minor: Mapped[int | None]
    """What was seen on the account; it may differ from what was reported."""
    currency: Mapped[str | None]
    country: Mapped[str | None]
    pays: Mapped[str | None]
    proof_ref: Mapped[str | None]
    """The app's id of the file that the customer handed in."""
    purpose: Mapped[str | None]
    purpose_ref: Mapped[str | None]
    external_ref: Mapped[str | None]
    actor: Mapped[str | None]
    submitted_at: Mapped[datetime | None]
    """The newest report: from here its waiting counts."""
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    reason: Mapped[str | None]
