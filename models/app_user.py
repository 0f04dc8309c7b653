"""A person who signs in at the app (SEC-4, SEC-7): what tokens and sessions of one person are ordered by."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class AppUser(Aggregate):
    """`external_id` is the app's own id of the user. Whoever changes his tokens or sessions locks this row first."""

    __tablename__ = "app_user"
    NAME: ClassVar[str] = "app_user"
    PUBLIC_PREFIX: ClassVar[str] = "usr"
    LOCK_ORDER: ClassVar[int] = 1

    sessions_revoked_at: Mapped[datetime | None]
    """Sessions that were opened then or before are over."""
    sessions_spared: Mapped[str | None]
    """But for this one, from which it was asked for."""
