"""Rates of exchange by which a tax office wants tax in its own currency (TAX-5)."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from sqlalchemy import Date
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate


class FxRate(Aggregate):
    """One rate of one day. Read without a lock: a paper keeps the rate that it was issued with."""

    __tablename__ = "fx_rate"
    NAME: ClassVar[str] = "fx_rate"
    PUBLIC_PREFIX: ClassVar[str] = "fxr"
    LOCK_ORDER: ClassVar[int] = 4

    rate_source: Mapped[str | None]
    """Who says so: `BNR`, `ECB`."""
    base: Mapped[str | None]
    quote: Mapped[str | None]
    valid_on: Mapped[date | None] = mapped_column(Date)
    """The first day on which it holds: BNR's rate of one working day holds from the next day on."""
    rate: Mapped[str | None]
    """Units of `quote` for one of `base`, a plain decimal."""
    actor: Mapped[str | None]
