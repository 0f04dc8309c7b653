"""A try to sign in, as the app told it (SEC-7)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class Login(Aggregate):
    """`external_id` is the app's name for the try. The audit has who and when; where from stands here only, for a while."""

    __tablename__ = "login"
    NAME: ClassVar[str] = "login"
    PUBLIC_PREFIX: ClassVar[str] = "lgn"
    LOCK_ORDER: ClassVar[int] = 4

    user_ref: Mapped[str | None]
    outcome: Mapped[str | None]
    method: Mapped[str | None]
    at: Mapped[datetime | None]
    device: Mapped[str | None]
    address: Mapped[str | None]
