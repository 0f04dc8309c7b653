"""Card networks' early warnings of fraud."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class FraudWarning(Aggregate):
    """An early fraud warning about one charge."""

    __tablename__ = "fraud_warning"
    NAME: ClassVar[str] = "fraud_warning"
    PUBLIC_PREFIX: ClassVar[str] = "fw"
    LOCK_ORDER: ClassVar[int] = 80
    DERIVED: ClassVar[frozenset[str]] = frozenset({"charge_id", "payment_id"})

    kind: Mapped[str | None]
    actionable: Mapped[bool | None]
    charge_ref: Mapped[str | None]
    payment_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    provider_created_at: Mapped[datetime | None]
    charge_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None]
