"""Promo codes, and how often they are in use (PROMO-1)."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class PromoCode(Aggregate):
    """A code; `external_id` is the code itself, normalised. `uses` counts the redemptions that are reserved or consumed."""

    __tablename__ = "promo_code"
    NAME: ClassVar[str] = "promo_code"
    PUBLIC_PREFIX: ClassVar[str] = "promo"
    LOCK_ORDER: ClassVar[int] = 91

    status: Mapped[str | None]
    campaign_ref: Mapped[str | None]
    max_uses: Mapped[int | None]
    """None: no limit (T2)."""
    uses: Mapped[int | None]
    actor: Mapped[str | None]
