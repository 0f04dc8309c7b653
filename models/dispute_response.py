"""What we answer to a dispute: evidence, or that we accept it. Written before the provider is called (PAY-2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class DisputeResponse(Aggregate):
    """One answer, `evidence` or `accept`; `evidence` maps the provider's field to a text or to a file's id."""

    __tablename__ = "dispute_response"
    NAME: ClassVar[str] = "dispute_response"
    PUBLIC_PREFIX: ClassVar[str] = "dres"
    LOCK_ORDER: ClassVar[int] = 56

    status: Mapped[str | None]
    kind: Mapped[str | None]
    dispute_ref: Mapped[str | None]
    evidence: Mapped[dict[str, Any] | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    reason: Mapped[str | None]
    actor: Mapped[str | None]
    note: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
