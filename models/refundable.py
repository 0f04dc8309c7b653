"""The columns by which a charge or a payment knows how much of it went back, without reading all its refunds."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy.orm import Mapped


class Refundable:
    """Mixin of `Charge` and `Payment`; its columns are derived (list `REFUNDABLE` in the model's DERIVED).

    `refund_shares` maps a refund's id (on a payment: its charge's id) to what it adds, `refunded_minor` is what follows
    by `billing.rules.refunded`. Kept here because the row is locked by whoever records one of its refunds.
    """

    REFUNDABLE: ClassVar[frozenset[str]] = frozenset({"refund_shares", "refunded_minor"})

    refund_shares: Mapped[dict[str, Any] | None]
    refunded_minor: Mapped[int | None]
