"""Who pays. One row per customer at a provider."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate


class Customer(Aggregate):
    """A customer as the provider knows it. `email` is stored trimmed and lower-cased (SEC-10)."""

    __tablename__ = "customer"
    NAME: ClassVar[str] = "customer"
    PUBLIC_PREFIX: ClassVar[str] = "cus"
    LOCK_ORDER: ClassVar[int] = 10
    DERIVED: ClassVar[frozenset[str]] = frozenset({"external_ref"})

    email: Mapped[str | None]
    name: Mapped[str | None]
    currency: Mapped[str | None]
    balance_minor: Mapped[int | None]
    delinquent: Mapped[bool | None]
    default_payment_method_ref: Mapped[str | None]
    tax_exempt: Mapped[str | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    deleted_at: Mapped[datetime | None]
    external_ref: Mapped[str | None]
    """The app's own id of the customer; only a command says it, so no fact ever overwrites it."""
