"""Invoices whose paper is kept back, and why: money goes on, the paper follows when what is missing is there (TAX-5)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class DocumentWait(Aggregate):
    """`external_id` is `invoice:<invoice>` or, for its credit notes, `credit:<invoice>`. Open until `ended_at`."""

    __tablename__ = "document_wait"
    NAME: ClassVar[str] = "document_wait"
    PUBLIC_PREFIX: ClassVar[str] = "dwt"
    LOCK_ORDER: ClassVar[int] = 901

    invoice_ref: Mapped[str | None]
    subscriber_ref: Mapped[str | None]
    cause: Mapped[str | None]
    """`no_fx_rate`, `no_tax_rate`, `mixed_tax`: no single paper may hold its lines, or `no_number`: the invoice's own is drawn just now."""
    said: Mapped[str | None]
    since: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
