"""A customer's tax numbers."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class TaxId(Aggregate):
    """A tax number and the provider's check of it (INBOX-10)."""

    __tablename__ = "tax_id"
    NAME: ClassVar[str] = "tax_id"
    PUBLIC_PREFIX: ClassVar[str] = "txi"
    LOCK_ORDER: ClassVar[int] = 13
    DERIVED: ClassVar[frozenset[str]] = frozenset({"customer_id"})

    customer_ref: Mapped[str | None]
    kind: Mapped[str | None]
    value: Mapped[str | None]
    country: Mapped[str | None]
    verification_status: Mapped[str | None]
    deleted_at: Mapped[datetime | None]
    provider_created_at: Mapped[datetime | None]
    customer_id: Mapped[UUID | None]
