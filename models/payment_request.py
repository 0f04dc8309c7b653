"""Our intentions to take money (PAY-2): written before any call, and one row however often it is tried."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from models.base import Aggregate


class PaymentRequest(Aggregate):
    """An intention to take money; each attempt makes a payment of its own at the provider.

    `amount_minor` is what it is for, `carried_minor` what the customer still owed from amounts too small to charge (PAY-17);
    the provider is asked for both. The fee is stored with the rate that it was taken by (PAY-4).
    """

    __tablename__ = "payment_request"
    NAME: ClassVar[str] = "payment_request"
    PUBLIC_PREFIX: ClassVar[str] = "preq"
    LOCK_ORDER: ClassVar[int] = 36
    """Before the payment: who asks for a request then locks its payment, and a payment's fact names its request up front."""

    status: Mapped[str | None]
    amount_minor: Mapped[int | None]
    carried_minor: Mapped[int | None]
    currency: Mapped[str | None]
    customer_ref: Mapped[str | None]
    payment_method_ref: Mapped[str | None]
    method: Mapped[str | None]
    country: Mapped[str | None]
    invoice_ref: Mapped[str | None]
    purpose: Mapped[str | None]
    purpose_ref: Mapped[str | None]
    subscriber_ref: Mapped[str | None]
    """Of an own invoice: whose it is. Told to the provider, so that the payment's facts lock him first."""
    description: Mapped[str | None]
    application_fee_minor: Mapped[int | None]
    application_fee_basis_points: Mapped[int | None]
    destination_ref: Mapped[str | None]
    payee_ref: Mapped[str | None]
    """To whom the share is transferred after the payment; the provider passes nothing on by itself then."""
    off_session: Mapped[bool | None]
    return_url: Mapped[str | None]
    attempt: Mapped[int | None]
    retry_wanted: Mapped[bool | None]
    """A new attempt is asked for, and the one before must surely be over first."""
    cancel_wanted: Mapped[bool | None]
    order_ref: Mapped[str | None]
    """PayPal: the newest attempt's order, which the payer approves; a payment it is once it is captured."""
    payment_ref: Mapped[str | None]
    """The payment of the newest attempt; in the end, the one that was paid."""
    promo_ref: Mapped[str | None]
    """PROMO-2: the order whose reserved promo code lowers the amount."""
    url: Mapped[str | None]
    """Where the payer has to go, while the request requires his action."""
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    decline_code: Mapped[str | None]
    reason: Mapped[str | None]
    actor: Mapped[str | None]
    note: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]

    @property
    def charge_minor(self) -> int:
        """What the provider is asked for, in minor units of `currency`."""
        return (self.amount_minor or 0) + (self.carried_minor or 0)
