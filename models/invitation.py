"""An invitation into an organisation, which may have a seat reserved (SEAT-5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class Invitation(Aggregate):
    """`external_id` is `<organisation> <reference>`."""

    __tablename__ = "invitation"
    NAME: ClassVar[str] = "invitation"
    PUBLIC_PREFIX: ClassVar[str] = "invt"
    LOCK_ORDER: ClassVar[int] = 112

    status: Mapped[str | None]
    organisation_ref: Mapped[str | None]
    reference: Mapped[str | None]
    role: Mapped[str | None]
    courses: Mapped[list[Any] | None]
    reserves: Mapped[bool | None]
    """Whether a seat is kept for it, as the organisation's policy was when it was made."""
    user_ref: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reason: Mapped[str | None]
