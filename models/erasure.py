"""A customer's erasure, and how far it has come (SEC-6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class Erasure(Aggregate):
    """`external_id` is the app's id of the customer."""

    __tablename__ = "erasure"
    NAME: ClassVar[str] = "erasure"
    PUBLIC_PREFIX: ClassVar[str] = "era"
    LOCK_ORDER: ClassVar[int] = 401

    status: Mapped[str | None]
    reason: Mapped[str | None]
    actor: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    step: Mapped[str | None]
    """Where it is: `rows`, then `calls`, then `events`; each can be begun again at any place."""
    inbox_after: Mapped[int | None]
    """Up to which row of the inbox was looked; likewise of the outbox."""
    outbox_after: Mapped[int | None]
    open_inbox: Mapped[int | None]
    """The first of his events that was not final; None: there was none."""
    open_outbox: Mapped[int | None]
    waits_for: Mapped[str | None]
    due_at: Mapped[datetime | None]
    """When it goes on; None: never again."""
    again_until: Mapped[datetime | None]
    """Until then it looks for what was told late, once a week."""
    emails: Mapped[list[Any] | None]
    counts: Mapped[dict[str, Any] | None]
    customers: Mapped[list[Any] | None]
    """His customers at providers, as `<source> <customer>`: what a person does there is the next step."""
    completed_at: Mapped[datetime | None]
