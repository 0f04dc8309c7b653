"""Visits of customers to the provider's billing portal."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class PortalSession(Aggregate):
    """One visit (INBOX-10)."""

    __tablename__ = "portal_session"
    NAME: ClassVar[str] = "portal_session"
    PUBLIC_PREFIX: ClassVar[str] = "bps"
    LOCK_ORDER: ClassVar[int] = 14
    DERIVED: ClassVar[frozenset[str]] = frozenset({"customer_id"})

    customer_ref: Mapped[str | None]
    flow: Mapped[str | None]
    provider_created_at: Mapped[datetime | None]
    customer_id: Mapped[UUID | None]
