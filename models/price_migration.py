"""Subscribers of one version who are moved to another, and what came of each (PRICE-4, PRICE-9)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class PriceMigration(Aggregate):
    """One wish. `mode` `shadow` writes what would come of each subscription and changes nothing."""

    __tablename__ = "price_migration"
    NAME: ClassVar[str] = "price_migration"
    PUBLIC_PREFIX: ClassVar[str] = "pmig"
    LOCK_ORDER: ClassVar[int] = 25

    status: Mapped[str | None]
    mode: Mapped[str | None]
    from_price_ref: Mapped[str | None]
    to_price_ref: Mapped[str | None]
    rate_per_minute: Mapped[int | None]
    reason: Mapped[str | None]
    actor: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]


class PriceMove(Aggregate):
    """One subscription of a migration; `external_id` is `<migration>:<its source>:<subscription>`."""

    __tablename__ = "price_move"
    NAME: ClassVar[str] = "price_move"
    PUBLIC_PREFIX: ClassVar[str] = "pmov"
    LOCK_ORDER: ClassVar[int] = 26

    status: Mapped[str | None]
    outcome: Mapped[str | None]
    """What was done; of a shadow what would be."""
    because: Mapped[str | None]
    migration_ref: Mapped[str | None]
    subscriber_ref: Mapped[str | None]
    subscription_source: Mapped[str | None]
    subscription_ref: Mapped[str | None]
    to_price_ref: Mapped[str | None]
    from_minor: Mapped[int | None]
    """Per period, in minor units of `currency`."""
    to_minor: Mapped[int | None]
    currency: Mapped[str | None]
    worked_at: Mapped[datetime | None]
    moved_at: Mapped[datetime | None]
