"""One try to take a payment's money. One row per charge, capture or sale at a provider."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate
from models.booked import Booked, Settled
from models.disputable import Disputable
from models.refundable import Refundable


class Charge(Booked, Settled, Refundable, Disputable, Aggregate):
    """A charge. What went back of it is `refunded_minor`, by the rule in billing.rules.refunded.

    `payment_refs` are all payments that it or one of its refunds was ever said to belong to: one, unless API versions
    disagree. It only grows, so that their outcome does not depend on who said it first.
    """

    __tablename__ = "charge"
    NAME: ClassVar[str] = "charge"
    PUBLIC_PREFIX: ClassVar[str] = "ch"
    LOCK_ORDER: ClassVar[int] = 45
    DERIVED: ClassVar[frozenset[str]] = Refundable.REFUNDABLE | Disputable.DISPUTABLE | frozenset(
        {"payment_refs", "payment_id", "customer_id", "invoice_id", "account_id", "fee_settled_minor"}
    )

    status: Mapped[str | None]
    provider_status: Mapped[str | None]
    amount_minor: Mapped[int | None]
    amount_captured_minor: Mapped[int | None]
    amount_refunded_minor: Mapped[int | None]
    currency: Mapped[str | None]
    captured: Mapped[bool | None]
    disputed: Mapped[bool | None]
    payment_ref: Mapped[str | None]
    customer_ref: Mapped[str | None]
    invoice_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    payment_method_ref: Mapped[str | None]
    balance_transaction_ref: Mapped[str | None]
    transfer_ref: Mapped[str | None]
    source_transfer_ref: Mapped[str | None]
    application_fee_ref: Mapped[str | None]
    application_fee_minor: Mapped[int | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    decline_code: Mapped[str | None]
    risk_level: Mapped[str | None]
    method_kind: Mapped[str | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    provider_created_at: Mapped[datetime | None]
    payment_refs: Mapped[list[Any] | None]
    payment_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    invoice_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    fee_settled_minor: Mapped[int | None]
    """What of its fee was not taken as agreed and is settled all the same: owed by the payee, or booked as given up."""
