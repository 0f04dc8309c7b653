"""What providers say about invoices and their lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import named


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFact(Fact):
    """An invoice's snapshot. Names equal the columns of `bursar.invoice`; amounts in minor units of `currency`.

    `status` is one of `states.INVOICE`. `lines` are JSON objects with id, amount_minor, currency, quantity,
    description, proration, price_ref, product_ref, subscription_ref, period_start, period_end: the newest snapshot's,
    as a set. The view `bursar.invoice_line` shows them as rows.
    """

    AGGREGATE: ClassVar[str] = "invoice"

    status: str | Unset | None = UNSET
    provider_status: str | Unset | None = UNSET
    number: str | Unset | None = UNSET
    customer_ref: str | Unset | None = UNSET
    subscription_ref: str | Unset | None = UNSET
    account_ref: str | Unset | None = UNSET
    payment_ref: str | Unset | None = UNSET
    charge_ref: str | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    subtotal_minor: int | Unset | None = UNSET
    tax_minor: int | Unset | None = UNSET
    total_minor: int | Unset | None = UNSET
    amount_due_minor: int | Unset | None = UNSET
    amount_paid_minor: int | Unset | None = UNSET
    amount_remaining_minor: int | Unset | None = UNSET
    billing_reason: str | Unset | None = UNSET
    collection_method: str | Unset | None = UNSET
    attempt_count: int | Unset | None = UNSET
    next_payment_attempt_at: datetime | Unset | None = UNSET
    paid_out_of_band: bool | Unset | None = UNSET
    due_at: datetime | Unset | None = UNSET
    period_start: datetime | Unset | None = UNSET
    period_end: datetime | Unset | None = UNSET
    finalized_at: datetime | Unset | None = UNSET
    paid_at: datetime | Unset | None = UNSET
    voided_at: datetime | Unset | None = UNSET
    marked_uncollectible_at: datetime | Unset | None = UNSET
    deleted_at: datetime | Unset | None = UNSET
    finalization_error: str | Unset | None = UNSET
    lines: Sequence[Mapping[str, Any]] | Unset | None = UNSET
    metadata_: Mapping[str, Any] | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The invoice, its customer, subscription and account."""
        yield self.AGGREGATE, self.external_id
        yield from named(customer=self.customer_ref, subscription=self.subscription_ref, account=self.account_ref)
