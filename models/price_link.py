"""What a version of a price is called at a provider that bills it (PRICE-9)."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class PriceLink(Aggregate):
    """`external_id` is `<provider>:<price>`; a provider's price means one version of ours."""

    __tablename__ = "price_link"
    NAME: ClassVar[str] = "price_link"
    PUBLIC_PREFIX: ClassVar[str] = "plnk"
    LOCK_ORDER: ClassVar[int] = 8

    provider: Mapped[str | None]
    price_ref: Mapped[str | None]
    provider_ref: Mapped[str | None]
    """Stripe's price (`price_...`), PayPal's plan (`P-...`)."""
    actor: Mapped[str | None]
    reason: Mapped[str | None]
