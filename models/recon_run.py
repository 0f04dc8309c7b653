"""One comparison of a provider's records with ours, in as many turns as it takes (RECON-1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class ReconRun(Aggregate):
    """A run; `external_id` is our own reference. `step` and `cursor` say where its next turn goes on."""

    __tablename__ = "recon_run"
    NAME: ClassVar[str] = "recon_run"
    PUBLIC_PREFIX: ClassVar[str] = "rec"
    LOCK_ORDER: ClassVar[int] = 390

    status: Mapped[str | None]
    since_at: Mapped[datetime | None]
    until_at: Mapped[datetime | None]
    objects: Mapped[list[Any] | None]
    accounts: Mapped[list[Any] | None]
    step: Mapped[int | None]
    cursor: Mapped[str | None]
    staged: Mapped[int | None]
    counts: Mapped[dict[str, Any] | None]
    actor: Mapped[str | None]
    reason: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
