"""What a group of promo codes gives, to whom, when, and how often (PROMO-4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class Campaign(Aggregate):
    """A campaign; its own limits hold over all of its codes."""

    __tablename__ = "campaign"
    NAME: ClassVar[str] = "campaign"
    PUBLIC_PREFIX: ClassVar[str] = "cmp"
    LOCK_ORDER: ClassVar[int] = 92

    status: Mapped[str | None]
    title: Mapped[str | None]
    kind: Mapped[str | None]
    basis_points: Mapped[int | None]
    """Of `percentage`: hundredths of a percent."""
    amount_minor: Mapped[int | None]
    """Of `fixed`: minor units of `currency`."""
    currency: Mapped[str | None]
    buy_quantity: Mapped[int | None]
    """Of `bogo`: of each so many and `free_quantity` more, the cheapest `free_quantity` are free."""
    free_quantity: Mapped[int | None]
    segments: Mapped[list[Any] | None]
    """Whose customers may use it; None: everybody."""
    starts_on: Mapped[str | None]
    """ISO date in `zone`, its first day; None: since ever."""
    ends_on: Mapped[str | None]
    """ISO date in `zone`, its last day, inclusive; None: until it is ended."""
    zone: Mapped[str | None]
    max_uses: Mapped[int | None]
    max_per_customer: Mapped[int | None]
    uses: Mapped[int | None]
    reason: Mapped[str | None]
    actor: Mapped[str | None]
    ended_at: Mapped[datetime | None]
