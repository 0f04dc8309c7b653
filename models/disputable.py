"""The columns by which a charge or a payment knows how disputes stand for it, without reading them all."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy.orm import Mapped


class Disputable:
    """Mixin of `Charge` and `Payment`; its columns are derived (list `DISPUTABLE` in the model's DERIVED).

    `disputes` maps a dispute's id to how it stands and what it has moved, `dispute_standing` is what follows by
    `billing.rules.disputed`. Kept here because the row is locked by whoever records one of its disputes.
    """

    DISPUTABLE: ClassVar[frozenset[str]] = frozenset({"disputes", "dispute_standing"})

    disputes: Mapped[dict[str, Any] | None]
    dispute_standing: Mapped[str | None]
