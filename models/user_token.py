"""The wish for a link that proves something once (SEC-4). The link's token is made when the mail goes out, and its digest kept."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class UserToken(Aggregate):
    """`external_id` is the app's name for the wish. It ends with the first of its tokens that comes back (`bursar_api.redeem_token`)."""

    __tablename__ = "user_token"
    NAME: ClassVar[str] = "user_token"
    PUBLIC_PREFIX: ClassVar[str] = "utk"
    LOCK_ORDER: ClassVar[int] = 2

    user_ref: Mapped[str | None]
    purpose: Mapped[str | None]
    email: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    send_until: Mapped[datetime | None]
    """A mail that has not gone out by then never does: a link that comes a day late only confuses."""
    expires_at: Mapped[datetime | None]
    """Of the newest token that was sent; None: none was."""
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    """A newer wish of the same purpose takes its place."""
