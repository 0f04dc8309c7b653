"""How often one customer uses one campaign: a counter with a row of its own, so that its limit is checked under a lock (PROMO-4)."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class PromoCustomer(Aggregate):
    """`external_id` is `<campaign>:<subscriber>`; `max_uses` the campaign's limit when `uses` last grew."""

    __tablename__ = "promo_customer"
    NAME: ClassVar[str] = "promo_customer"
    PUBLIC_PREFIX: ClassVar[str] = "pcust"
    LOCK_ORDER: ClassVar[int] = 93

    campaign_ref: Mapped[str | None]
    subscriber_ref: Mapped[str | None]
    max_uses: Mapped[int | None]
    uses: Mapped[int | None]
