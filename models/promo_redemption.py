"""The use of a promo code for one order: reserved, then consumed, released or expired (PROMO-5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class PromoRedemption(Aggregate):
    """`external_id` is the app's name of the order: one order has one code at a time, and may have another one after a release."""

    __tablename__ = "promo_redemption"
    NAME: ClassVar[str] = "promo_redemption"
    PUBLIC_PREFIX: ClassVar[str] = "prdm"
    LOCK_ORDER: ClassVar[int] = 90
    """Before code, campaign and customer: what gives a use back knows the redemption first."""

    status: Mapped[str | None]
    code_ref: Mapped[str | None]
    campaign_ref: Mapped[str | None]
    subscriber_ref: Mapped[str | None]
    """The app's own id of the customer."""
    currency: Mapped[str | None]
    subtotal_minor: Mapped[int | None]
    amount_off_minor: Mapped[int | None]
    lines: Mapped[list[Any] | None]
    """[{"unit_minor", "quantity", "off_minor"}, ...]"""
    request_source: Mapped[str | None]
    request: Mapped[str | None]
    """`<request type>:<reference>` of the request of ours that takes the discounted price; None: the app takes it otherwise."""
    reserved_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    consumed_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    released_because: Mapped[str | None]
    honoured_at: Mapped[datetime | None]
    """When the discounted price was paid although the use had gone to somebody else meanwhile."""
    actor: Mapped[str | None]
