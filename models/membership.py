"""Who belongs to an organisation, and as what (SEAT-1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class Membership(Aggregate):
    """`external_id` is `<organisation> <user>`; both are ids of the app, without blanks."""

    __tablename__ = "membership"
    NAME: ClassVar[str] = "membership"
    PUBLIC_PREFIX: ClassVar[str] = "mbr"
    LOCK_ORDER: ClassVar[int] = 111

    status: Mapped[str | None]
    organisation_ref: Mapped[str | None]
    user_ref: Mapped[str | None]
    role: Mapped[str | None]
    seat: Mapped[bool | None]
    courses: Mapped[list[Any] | None]
    """Assigned to him, by the app's ids (SEAT-8)."""
    fact_at: Mapped[datetime | None]
    """The app's time of what counts; what is older changes nothing."""
    fact_rank: Mapped[int | None]
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    own_plans: Mapped[list[Any] | None]
    """SEAT-6: his own paid plans that end because of this seat, as `<source> <reference>`; None: no conflict."""
    own_plans_at: Mapped[datetime | None]
