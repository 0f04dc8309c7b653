"""VAT rates that were defined here, laid over the package's table (TAX-1)."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from sqlalchemy import Date
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate


class TaxRate(Aggregate):
    """From `valid_from` on, until the next row of its area and kind. Read without a lock: issued papers keep what they have (TAX-5)."""

    __tablename__ = "tax_rate"
    NAME: ClassVar[str] = "tax_rate"
    PUBLIC_PREFIX: ClassVar[str] = "txr"
    LOCK_ORDER: ClassVar[int] = 4

    area: Mapped[str | None]
    """ISO 3166-1, or a region that has rates of its own (`PT-20`)."""
    kind: Mapped[str | None]
    valid_from: Mapped[date | None] = mapped_column(Date)
    rate: Mapped[int | None]
    """In ten-thousandths of a per cent; None: from then on there is no such rate."""
    note: Mapped[str | None]
    actor: Mapped[str | None]
