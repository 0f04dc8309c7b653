"""What providers say about credit notes: documents that lower an invoice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import named


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteFact(Fact):
    """One credit note of the provider's. Names equal the columns of `bursar.credit_note`.

    Amounts are positive minor units of `currency`. `pre_payment_minor` lowered what was still owed,
    `post_payment_minor` was given back by refund, by credit balance or outside. `refund_refs` lists the refunds that
    carried it.
    """

    AGGREGATE: ClassVar[str] = "credit_note"

    number: str | Unset | None = UNSET
    kind: str | Unset | None = UNSET
    status: str | Unset | None = UNSET
    provider_status: str | Unset | None = UNSET
    reason: str | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    amount_minor: int | Unset | None = UNSET
    subtotal_minor: int | Unset | None = UNSET
    tax_minor: int | Unset | None = UNSET
    pre_payment_minor: int | Unset | None = UNSET
    post_payment_minor: int | Unset | None = UNSET
    out_of_band_minor: int | Unset | None = UNSET
    refund_refs: list[Any] | Unset | None = UNSET
    invoice_ref: str | Unset | None = UNSET
    customer_ref: str | Unset | None = UNSET
    account_ref: str | Unset | None = UNSET
    metadata_: Mapping[str, Any] | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET
    voided_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The credit note, its customer and the invoice that it lowers."""
        yield self.AGGREGATE, self.external_id
        yield from named(customer=self.customer_ref, invoice=self.invoice_ref)
