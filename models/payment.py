"""Money that comes in. One row per payment at a provider, however often it was tried."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate
from models.booked import Booked
from models.disputable import Disputable
from models.refundable import Refundable


class Payment(Booked, Refundable, Disputable, Aggregate):
    """A payment (PAY-1). `status`, `received_minor`, `failure_*` follow from the intent's columns and from `charge_outcomes`."""

    __tablename__ = "payment"
    NAME: ClassVar[str] = "payment"
    PUBLIC_PREFIX: ClassVar[str] = "pay"
    LOCK_ORDER: ClassVar[int] = 40
    DERIVED: ClassVar[frozenset[str]] = Refundable.REFUNDABLE | Disputable.DISPUTABLE | frozenset(
        {
            "status",
            "received_minor",
            "failure_code",
            "failure_message",
            "decline_code",
            "charge_outcomes",
            "refund_requests",
            "refund_status",
            "customer_id",
            "invoice_id",
            "subscription_id",
            "account_id",
            "adopted",
        }
    )

    kind: Mapped[str | None]
    intent_status: Mapped[str | None]
    provider_status: Mapped[str | None]
    amount_minor: Mapped[int | None]
    intent_received_minor: Mapped[int | None]
    currency: Mapped[str | None]
    application_fee_minor: Mapped[int | None]
    processor_fee_minor: Mapped[int | None]
    customer_ref: Mapped[str | None]
    invoice_ref: Mapped[str | None]
    subscription_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    payment_method_ref: Mapped[str | None]
    latest_charge_ref: Mapped[str | None]
    order_ref: Mapped[str | None]
    transfer_destination_ref: Mapped[str | None]
    intent_failure_code: Mapped[str | None]
    intent_failure_message: Mapped[str | None]
    intent_decline_code: Mapped[str | None]
    cancellation_reason: Mapped[str | None]
    cancelled_at: Mapped[datetime | None]
    confirmed: Mapped[bool | None]
    purpose: Mapped[str | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    provider_created_at: Mapped[datetime | None]
    status: Mapped[str | None]
    received_minor: Mapped[int | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    decline_code: Mapped[str | None]
    charge_outcomes: Mapped[dict[str, Any] | None]
    refund_requests: Mapped[dict[str, Any] | None]
    """What of it we were asked to refund: reference -> `billing.rules.refund.entry`."""
    refund_status: Mapped[str | None]
    """`refunded` or `partially_refunded` (REFUND-5); the payment stays `succeeded`."""
    adopted: Mapped[dict[str, Any] | None]
    """Nobody asked for it, and a person decided to keep it: for whom, for what, who and why (`adopt_payment`)."""
    customer_id: Mapped[UUID | None]
    invoice_id: Mapped[UUID | None]
    subscription_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
