"""What a payer is owed for his money (PAY-9): one row per payment, the seam to whatever delivers it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate


class Fulfilment(Aggregate):
    """What was granted, once: `external_id` is the payment's, or the checkout's where no payment was needed.

    `revocations` are the reasons for which it is revoked (`refund`, `dispute:<id>`) with the time of each; with none of them
    left it is granted. A row may be revoked before it is known what was bought: the news came in that order.
    """

    __tablename__ = "fulfilment"
    NAME: ClassVar[str] = "fulfilment"
    PUBLIC_PREFIX: ClassVar[str] = "ful"
    LOCK_ORDER: ClassVar[int] = 63

    status: Mapped[str | None]
    purpose: Mapped[str | None]
    purpose_ref: Mapped[str | None]
    customer_ref: Mapped[str | None]
    external_ref: Mapped[str | None]
    """The app's own id of the customer, where it is known."""
    payment_ref: Mapped[str | None]
    checkout_ref: Mapped[str | None]
    request: Mapped[str | None]
    """`<request type>:<reference>` of the request of ours that brought it about."""
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    granted_at: Mapped[datetime | None]
    revocations: Mapped[dict[str, Any] | None]
    revoked_at: Mapped[datetime | None]
    refund_status: Mapped[str | None]
    """`refunded` or `partially_refunded`, as of its payment (REFUND-5); only a whole refund revokes."""
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    promo_ref: Mapped[str | None]
    """The order whose promo code was used."""
    promo_released_at: Mapped[datetime | None]
    """PROMO-2, REFUND-7: when the use of a promo code was given back; once."""
    credits_clawed_back_at: Mapped[datetime | None]
    """When its credits were to be taken back; once, until the money is ours again."""
    clawback_minor: Mapped[int | None]
    """REFUND-13: what of its price went back, in minor units of `currency`; its unspent credits are worth as much less."""
    clawback_shortfall_minor: Mapped[int | None]
    """What of that was spent already and is lost, so that no balance is ever negative; null until the credits were looked at."""
