"""Connected accounts: whom money is passed on to. One row per account at a provider."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate


class Account(Aggregate):
    """A connected account. Nothing is paid out while `payouts_enabled` is false (PAYOUT-13)."""

    __tablename__ = "account"
    NAME: ClassVar[str] = "account"
    PUBLIC_PREFIX: ClassVar[str] = "acc"
    LOCK_ORDER: ClassVar[int] = 11

    kind: Mapped[str | None]
    email: Mapped[str | None]
    country: Mapped[str | None]
    currency: Mapped[str | None]
    charges_enabled: Mapped[bool | None]
    payouts_enabled: Mapped[bool | None]
    details_submitted: Mapped[bool | None]
    disabled_reason: Mapped[str | None]
    requirements: Mapped[dict[str, Any] | None]
    capabilities: Mapped[dict[str, Any] | None]
    authorized: Mapped[bool | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    provider_created_at: Mapped[datetime | None]
