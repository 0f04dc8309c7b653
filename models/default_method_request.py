"""What we ask a provider to change of a customer: another default method, because the old one expired (PAY-6)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class DefaultMethodRequest(Aggregate):
    """`external_id` is `<expired method>:<year>-<month>` of its expiry, so that one expiry is one wish."""

    __tablename__ = "default_method_request"
    NAME: ClassVar[str] = "default_method_request"
    PUBLIC_PREFIX: ClassVar[str] = "dmr"
    LOCK_ORDER: ClassVar[int] = 62

    status: Mapped[str | None]
    customer_ref: Mapped[str | None]
    expired_ref: Mapped[str | None]
    method_ref: Mapped[str | None]
    """The one promoted; None: there is none, and the default is unset."""
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
