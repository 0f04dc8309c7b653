"""What a customer owes or owed. One row per invoice: a provider's, or our own (source `bursar`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Aggregate


class Invoice(Aggregate):
    """An invoice as a provider issued it, or as we did (INV-1); the ids follow from the references."""

    __tablename__ = "invoice"
    NAME: ClassVar[str] = "invoice"
    PUBLIC_PREFIX: ClassVar[str] = "in"
    LOCK_ORDER: ClassVar[int] = 30
    DERIVED: ClassVar[frozenset[str]] = frozenset(
        {
            "customer_id", "subscription_id", "account_id", "refund_shares", "refunded_minor", "credit_note_refs", "invoice_type",
            "subscriber_ref", "product_ref", "package_credits", "discount_minor", "credit_applied_minor", "expires_at",
            "expiry_reminded_at", "confirmation_since", "void_because", "reason", "actor", "tax_inclusive", "taxes",
        }
    )  # fmt: skip

    status: Mapped[str | None]
    provider_status: Mapped[str | None]
    number: Mapped[str | None]
    customer_ref: Mapped[str | None]
    subscription_ref: Mapped[str | None]
    account_ref: Mapped[str | None]
    payment_ref: Mapped[str | None]
    charge_ref: Mapped[str | None]
    currency: Mapped[str | None]
    subtotal_minor: Mapped[int | None]
    tax_minor: Mapped[int | None]
    total_minor: Mapped[int | None]
    amount_due_minor: Mapped[int | None]
    amount_paid_minor: Mapped[int | None]
    amount_remaining_minor: Mapped[int | None]
    billing_reason: Mapped[str | None]
    collection_method: Mapped[str | None]
    attempt_count: Mapped[int | None]
    next_payment_attempt_at: Mapped[datetime | None]
    paid_out_of_band: Mapped[bool | None]
    due_at: Mapped[datetime | None]
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    finalized_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    marked_uncollectible_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    finalization_error: Mapped[str | None]
    lines: Mapped[list[Any] | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    provider_created_at: Mapped[datetime | None]
    customer_id: Mapped[UUID | None]
    subscription_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    refund_shares: Mapped[dict[str, Any] | None]
    """Payment -> what of it went back, in minor units."""
    refunded_minor: Mapped[int | None]
    """REFUND-5: what of it went back to the payer in all; the invoice stays paid."""
    credit_note_refs: Mapped[list[Any] | None]
    """The documents that lower it."""
    invoice_type: Mapped[str | None]
    """INV-1: `subscription`, `credit_package`, `custom`, `event`, `course` or `proration`."""
    subscriber_ref: Mapped[str | None]
    product_ref: Mapped[str | None]
    """Of a package's invoice: which package."""
    package_credits: Mapped[int | None]
    """CRED-4: what that package grants once the invoice is paid, as it was when it was issued."""
    discount_minor: Mapped[int | None]
    credit_applied_minor: Mapped[int | None]
    """What of the total the subscriber's money credit has paid (CRED-10)."""
    expires_at: Mapped[datetime | None]
    """INV-3."""
    expiry_reminded_at: Mapped[datetime | None]
    confirmation_since: Mapped[datetime | None]
    """A payment of it waits for a person's approval since then; its clock stands still (INV-3)."""
    void_because: Mapped[str | None]
    reason: Mapped[str | None]
    actor: Mapped[str | None]
    tax_inclusive: Mapped[bool | None]
    """Whether the lines hold the tax already; None: no tax was looked at."""
    taxes: Mapped[list[Any] | None]
    """The breakdown, frozen at issue (TAX-5): `billing.rules.paper.document.TaxPart`s."""
