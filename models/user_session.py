"""A session of the app's (SEC-7, CLEAN-3). What it says of validity is decided in SQL: `bursar.session_runs`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class UserSession(Aggregate):
    """`external_id` is the sha256 of the session's id, in hex: whoever reads this table can use none of its sessions."""

    __tablename__ = "user_session"
    NAME: ClassVar[str] = "user_session"
    PUBLIC_PREFIX: ClassVar[str] = "ses"
    LOCK_ORDER: ClassVar[int] = 3

    user_ref: Mapped[str | None]
    opened_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    idle_s: Mapped[int | None]
    ends_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None]
    device: Mapped[str | None]
    address: Mapped[str | None]
