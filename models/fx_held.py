"""Rates of exchange that a bank told and nobody believes without looking: kept back until a person has (TAX-5)."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import Date
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate


class FxHeld(Aggregate):
    """`external_id` is that of the rate it would have been. Open until `ended_at`: a rate of that day or a later one is there."""

    __tablename__ = "fx_held"
    NAME: ClassVar[str] = "fx_held"
    PUBLIC_PREFIX: ClassVar[str] = "fxh"
    LOCK_ORDER: ClassVar[int] = 5

    rate_source: Mapped[str | None]
    base: Mapped[str | None]
    quote: Mapped[str | None]
    valid_on: Mapped[date | None] = mapped_column(Date)
    rate: Mapped[str | None]
    """What was told."""
    last_rate: Mapped[str | None]
    """What it moved from."""
    last_on: Mapped[date | None] = mapped_column(Date)
    held_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    """When operators were told."""
    ended_at: Mapped[datetime | None]
