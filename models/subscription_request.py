"""What we ask a provider to do with a subscription that it bills (SUB-6): written before the call, one row per wish."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class SubscriptionRequest(Aggregate):
    """`source` is the provider, `external_id` the app's name for the wish."""

    __tablename__ = "subscription_request"
    NAME: ClassVar[str] = "subscription_request"
    PUBLIC_PREFIX: ClassVar[str] = "sreq"
    LOCK_ORDER: ClassVar[int] = 22

    status: Mapped[str | None]
    action: Mapped[str | None]
    """`cancel` (now), `cancel_at_period_end`, or `keep`: not to be cancelled after all; `quantity`: so many
    seats; `price`: another price."""
    quantity: Mapped[int | None]
    price_ref: Mapped[str | None]
    """Ours, of `price` (PRICE-9)."""
    move_ref: Mapped[str | None]
    """The `price_move` that wants it."""
    after_ref: Mapped[str | None]
    """The request whose answer it waits for, so that an older wish never comes after a newer one; nothing was sent before that."""
    subscription_ref: Mapped[str | None]
    subscriber_ref: Mapped[str | None]
    reason: Mapped[str | None]
    actor: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
