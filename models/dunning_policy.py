"""What is done when a payment fails, as the app defined it (DUN-1)."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class DunningPolicy(Aggregate):
    """`external_id` is its key. Built-in ones stand in `billing.rules.dunning`."""

    __tablename__ = "dunning_policy"
    NAME: ClassVar[str] = "dunning_policy"
    PUBLIC_PREFIX: ClassVar[str] = "dpol"
    LOCK_ORDER: ClassVar[int] = 8

    retry_intervals_days: Mapped[list[Any] | None]
    charges: Mapped[bool | None]
    suspend_after_days: Mapped[int | None]
    terminate_after_days: Mapped[int | None]
    mails: Mapped[bool | None]
    template_prefix: Mapped[str | None]
