"""How it stands with asking a central bank for its rates of exchange (TAX-5)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import Date
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate


class FxFeed(Aggregate):
    """`external_id` is the bank: `BNR`, `ECB`. Its row is the mutex of whoever records what it tells."""

    __tablename__ = "fx_feed"
    NAME: ClassVar[str] = "fx_feed"
    PUBLIC_PREFIX: ClassVar[str] = "fxf"
    LOCK_ORDER: ClassVar[int] = 3
    SOURCE: ClassVar[str] = "fx"

    asks: Mapped[int | None]
    asked_at: Mapped[datetime | None]
    """Of the question that is open; None: none is."""
    bases: Mapped[list[Any] | None]
    """The currencies that were last asked for."""
    unlisted: Mapped[list[Any] | None]
    """Those of them that the bank does not tell."""
    told_on: Mapped[date | None] = mapped_column(Date)
    """The newest day whose rates it told."""
    answered_at: Mapped[datetime | None]
    tries: Mapped[int | None]
    """In a row that brought nothing new."""
    error: Mapped[str | None]
    """Why the last one brought nothing; None: it did."""
    next_at: Mapped[datetime | None]
    """Before this the same currencies are not asked for again."""
