"""What a customer is subscribed to. One row per subscription: a provider's, or our own (source `bursar`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate


class Subscription(Aggregate):
    """A subscription as a provider bills it (SUB-8), or as we do (SUB-1). `customer_id` and `account_id` follow from the references."""

    __tablename__ = "subscription"
    NAME: ClassVar[str] = "subscription"
    PUBLIC_PREFIX: ClassVar[str] = "sub"
    LOCK_ORDER: ClassVar[int] = 20
    DERIVED: ClassVar[frozenset[str]] = frozenset(
        {
            "customer_id", "account_id", "subscriber_ref", "product_ref", "price_ref", "unit_price_minor", "collection", "zone",
            "anchor_at", "cycle_no", "next_billing_at", "grace_until", "pending_change", "promo_ref", "parked_at", "parked_because",
            "trial_notice_at", "seats_accrued_minor", "unbilled_until", "access_until",
        }
    )  # fmt: skip

    status: Mapped[str | None]
    provider_status: Mapped[str | None]
    customer_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    currency: Mapped[str | None]
    cycle_unit: Mapped[str | None]
    cycle_count: Mapped[int | None]
    quantity: Mapped[int | None]
    items: Mapped[list[Any] | None]
    current_period_start: Mapped[datetime | None]
    current_period_end: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    trial_start_at: Mapped[datetime | None]
    trial_end_at: Mapped[datetime | None]
    cancel_at_period_end: Mapped[bool | None]
    cancel_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancellation_reason: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    collection_method: Mapped[str | None]
    latest_invoice_ref: Mapped[str | None]
    default_payment_method_ref: Mapped[str | None]
    plan_ref: Mapped[str | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    provider_created_at: Mapped[datetime | None]
    customer_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    subscriber_ref: Mapped[str | None]
    """Whose it is, by the app's own id; of a provider's subscription, once its customer is known to be somebody's."""
    product_ref: Mapped[str | None]
    price_ref: Mapped[str | None]
    unit_price_minor: Mapped[int | None]
    """Locked: what a seat costs per cycle, until a declared change (PRICE-6)."""
    collection: Mapped[str | None]
    """`automatic`: we charge the stored method; `manual`: the subscriber pays the invoice (SUB-7)."""
    zone: Mapped[str | None]
    anchor_at: Mapped[datetime | None]
    """Where the count of periods begins: its local day and time are those of all boundaries (SUB-13, `billing.rules.cycle`)."""
    cycle_no: Mapped[int | None]
    """The running period's number from the anchor, 0 the first."""
    next_billing_at: Mapped[datetime | None]
    """When the next period is due to be billed; None: never by itself."""
    grace_until: Mapped[datetime | None]
    trial_notice_at: Mapped[datetime | None]
    """When to say that the trial ends; None: it was said, or there is none (TRIAL-4)."""
    pending_change: Mapped[dict[str, Any] | None]
    """What changes at the period's end."""
    promo_ref: Mapped[str | None]
    seats_accrued_minor: Mapped[int | None]
    """What seats that came and went cost, for the next invoice (SEAT-2); negative: it takes that much off."""
    unbilled_until: Mapped[datetime | None]
    """Its account was suspended until then (DUN-2): the next period begins there and costs its share; None: nothing is left out."""
    access_until: Mapped[datetime | None]
    """PayPal was asked to end it a day before its paid period ends: what was paid for holds until then. None: nothing to wait for."""
    parked_at: Mapped[datetime | None]
    parked_because: Mapped[str | None]
    """SUB-14: a run would have done something absurd; a person looks first."""
