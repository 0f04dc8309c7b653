"""Where a provider shows an invoice of its own: asked for afresh each time, because such links end (INV-11)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class InvoiceLink(Aggregate):
    """`external_id` is the provider's id of the invoice. A link counts for an hour after it was told; each wish clears it first."""

    __tablename__ = "invoice_link"
    NAME: ClassVar[str] = "invoice_link"
    PUBLIC_PREFIX: ClassVar[str] = "ilnk"
    LOCK_ORDER: ClassVar[int] = 35
    DERIVED: ClassVar[frozenset[str]] = frozenset({"actor", "asked_at", "told_at"})

    url: Mapped[str | None]
    """The PDF; None: there is none (a draft), or nothing was told yet."""
    page_url: Mapped[str | None]
    """Where its payer sees and pays it."""
    actor: Mapped[str | None]
    asked_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
