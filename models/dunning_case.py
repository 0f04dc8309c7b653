"""The dunning of one invoice: opened by its first failure, closed by money or by the policy's end (DUN-1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class DunningCase(Aggregate):
    """`external_id` is the invoice's. The policy is copied when it opens: a changed policy moves no deadline of a running case."""

    __tablename__ = "dunning_case"
    NAME: ClassVar[str] = "dunning_case"
    PUBLIC_PREFIX: ClassVar[str] = "dun"
    LOCK_ORDER: ClassVar[int] = 31

    status: Mapped[str | None]
    subscriber_ref: Mapped[str | None]
    subscription_ref: Mapped[str | None]
    policy_ref: Mapped[str | None]
    retry_intervals_days: Mapped[list[Any] | None]
    charges: Mapped[bool | None]
    mails: Mapped[bool | None]
    template_prefix: Mapped[str | None]
    currency: Mapped[str | None]
    amount_minor: Mapped[int | None]
    """What was owed when it opened."""
    request_source: Mapped[str | None]
    request_ref: Mapped[str | None]
    """The payment request that collects it."""
    opened_at: Mapped[datetime | None]
    """The original failure, from which everything is counted."""
    suspend_at: Mapped[datetime | None]
    terminate_at: Mapped[datetime | None]
    next_deadline_at: Mapped[datetime | None]
    """The next of these two; None: neither is ahead."""
    suspended_at: Mapped[datetime | None]
    running_ref: Mapped[str | None]
    """The attempt that is under way."""
    tries: Mapped[int | None]
    """How many there were with new methods."""
    stopped_because: Mapped[str | None]
    """Why its ladder charges nothing more: a hard decline of `method_ref`. Reminders and deadlines stay (DUN-9)."""
    decline_code: Mapped[str | None]
    method_ref: Mapped[str | None]
    """The method of the newest try."""
    closed_at: Mapped[datetime | None]
    closed_because: Mapped[str | None]
