"""To whom a subscriber's papers are made out. Personal data in a table of its own, so that it can be erased (INV-9)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class BillTo(Aggregate):
    """`external_id` is the subscriber's. Whoever never said has no row: his papers show what is known of the subscriber."""

    __tablename__ = "bill_to"
    NAME: ClassVar[str] = "bill_to"
    PUBLIC_PREFIX: ClassVar[str] = "bto"
    LOCK_ORDER: ClassVar[int] = 6

    kind: Mapped[str | None]
    """`business` or `consumer`."""
    name: Mapped[str | None]
    street: Mapped[str | None]
    city: Mapped[str | None]
    county: Mapped[str | None]
    postal_code: Mapped[str | None]
    country: Mapped[str | None]
    vat_id: Mapped[str | None]
    tax_number: Mapped[str | None]
    registration_no: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    vat_id_valid: Mapped[bool | None]
    """Whether the number is known to be valid; None: not asked, or nobody could say."""
    vat_checked_at: Mapped[datetime | None]
    vies_consultation: Mapped[str | None]
    """The evidence of it."""
