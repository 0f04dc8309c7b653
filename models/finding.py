"""A discrepancy between what a provider says and what we say (RECON-8), one row however many runs saw it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class Finding(Aggregate):
    """A finding; `external_id` is `<kind>:<object type>:<object>`. `ours_minor` and `theirs_minor` are in `currency`."""

    __tablename__ = "finding"
    NAME: ClassVar[str] = "finding"
    PUBLIC_PREFIX: ClassVar[str] = "fnd"
    LOCK_ORDER: ClassVar[int] = 400

    kind: Mapped[str | None]
    severity: Mapped[str | None]
    object_type: Mapped[str | None]
    object_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    ours_minor: Mapped[int | None]
    theirs_minor: Mapped[int | None]
    currency: Mapped[str | None]
    detail: Mapped[dict[str, Any] | None]
    repair: Mapped[str | None]
    status: Mapped[str | None]
    object_at: Mapped[datetime | None]
    first_run: Mapped[str | None]
    last_run: Mapped[str | None]
    first_seen_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None]
    repair_asked_at: Mapped[datetime | None]
    repair_asked_by: Mapped[str | None]
    repair_how: Mapped[str | None]
    """Which of the possible repairs was chosen."""
    repair_ref: Mapped[str | None]
    """The request that carries it out: `<aggregate>:<reference>`."""
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[str | None]
    accepted_reason: Mapped[str | None]
