"""A reader who wants no more of one kind of mail: known by his address's digest alone."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class MailLeaving(Aggregate):
    """`external_id` is `<sha256 of the address, in hex>:<the mail's name>`."""

    __tablename__ = "mail_leaving"
    NAME: ClassVar[str] = "mail_leaving"
    PUBLIC_PREFIX: ClassVar[str] = "mlv"
    LOCK_ORDER: ClassVar[int] = 420

    mail: Mapped[str | None]
    left_at: Mapped[datetime | None]
    back_at: Mapped[datetime | None]
    """An operator let it be sent to him again."""
