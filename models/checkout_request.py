"""Checkouts that we start (PAY-18): what is to be bought, written before the provider is asked for a page to buy it on."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate


class CheckoutRequest(Aggregate):
    """A checkout of ours. `url` is where the payer goes; `checkout_ref` the provider's session or order, `payment_ref` what paid it."""

    __tablename__ = "checkout_request"
    NAME: ClassVar[str] = "checkout_request"
    PUBLIC_PREFIX: ClassVar[str] = "coreq"
    LOCK_ORDER: ClassVar[int] = 37

    status: Mapped[str | None]
    mode: Mapped[str | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    lines: Mapped[list[Any] | None]
    purpose: Mapped[str | None]
    purpose_ref: Mapped[str | None]
    customer_ref: Mapped[str | None]
    external_ref: Mapped[str | None]
    country: Mapped[str | None]
    success_url: Mapped[str | None]
    cancel_url: Mapped[str | None]
    application_fee_minor: Mapped[int | None]
    application_fee_basis_points: Mapped[int | None]
    destination_ref: Mapped[str | None]
    payee_ref: Mapped[str | None]
    """To whom the share is transferred after the payment; the provider passes nothing on by itself then."""
    expires_at: Mapped[datetime | None]
    expire_wanted: Mapped[bool | None]
    attempt: Mapped[int | None]
    """How often the money of an approved order was asked for, so far (PayPal)."""
    checkout_ref: Mapped[str | None]
    payment_ref: Mapped[str | None]
    promo_ref: Mapped[str | None]
    """PROMO-2: the order whose reserved promo code lowers the amount."""
    url: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    reason: Mapped[str | None]
    actor: Mapped[str | None]
    note: Mapped[str | None]
    requested_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
