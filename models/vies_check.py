"""What VIES said of a VAT number, kept because it is evidence, and because VIES is often away (TAX-1)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class ViesCheck(Aggregate):
    """`external_id` is the number with its prefix (`EL094259216`). Names and addresses that VIES tells are not kept."""

    __tablename__ = "vies_check"
    NAME: ClassVar[str] = "vies_check"
    PUBLIC_PREFIX: ClassVar[str] = "vat"
    LOCK_ORDER: ClassVar[int] = 8
    SOURCE: ClassVar[str] = "vies"

    valid: Mapped[bool | None]
    """What it last said; None: it never said. Being unavailable says nothing."""
    checked_at: Mapped[datetime | None]
    """When it said so."""
    request_date: Mapped[str | None]
    """Its own word for that day, as evidence."""
    consultation: Mapped[str | None]
    """The number of that answer, which a tax office takes as evidence; only where a seller's number was given with the question."""
    requester: Mapped[str | None]
    """The seller's number that was given."""
    asks: Mapped[int | None]
    asked_at: Mapped[datetime | None]
    """Of the question that is open; None: none is."""
    failures: Mapped[int | None]
    """In a row, without an answer."""
    error: Mapped[str | None]
    next_at: Mapped[datetime | None]
    """When it is due to be asked again."""
