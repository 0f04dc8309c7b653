"""Whose entitlements changed: the feed that an app with a cache follows (SUB-12)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class EntitlementChange(Base):
    """Append-only; `seq` is the database's. What the entitlements are, `bursar_api.entitlements` says."""

    __tablename__ = "entitlement_change"
    NAME: ClassVar[str] = "entitlement_change"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    subscriber_ref: Mapped[str]
    at: Mapped[datetime]
