"""The platform's share of connected accounts' charges."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from models.base import Aggregate
from models.booked import Booked, Settled


class ApplicationFee(Booked, Settled, Aggregate):
    """An application fee."""

    __tablename__ = "application_fee"
    NAME: ClassVar[str] = "application_fee"
    PUBLIC_PREFIX: ClassVar[str] = "fee"
    LOCK_ORDER: ClassVar[int] = 75
    DERIVED: ClassVar[frozenset[str]] = frozenset({"account_id", "charge_id"})

    amount_minor: Mapped[int | None]
    refunded_minor: Mapped[int | None]
    currency: Mapped[str | None]
    account_ref: Mapped[str | None]
    charge_ref: Mapped[str | None]
    balance_transaction_ref: Mapped[str | None]
    provider_created_at: Mapped[datetime | None]
    account_id: Mapped[UUID | None]
    charge_id: Mapped[UUID | None]
