"""Where payouts go: bank accounts and cards of connected accounts, by their last four digits only."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class ExternalAccount(Aggregate):
    """A bank account or card that payouts go to."""

    __tablename__ = "external_account"
    NAME: ClassVar[str] = "external_account"
    PUBLIC_PREFIX: ClassVar[str] = "xa"
    LOCK_ORDER: ClassVar[int] = 70
    DERIVED: ClassVar[frozenset[str]] = frozenset({"account_id"})

    kind: Mapped[str | None]
    status: Mapped[str | None]
    provider_status: Mapped[str | None]
    account_ref: Mapped[str | None]
    bank_name: Mapped[str | None]
    country: Mapped[str | None]
    currency: Mapped[str | None]
    last4: Mapped[str | None]
    holder_kind: Mapped[str | None]
    fingerprint: Mapped[str | None]
    default_for_currency: Mapped[bool | None]
    deleted_at: Mapped[datetime | None]
    account_id: Mapped[UUID | None]
