"""What providers say about a customer's ways to pay (PAY-7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import named


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethodFact(Fact):
    """A card, mandate or wallet. Names equal the columns of `bursar.payment_method`; no number but its last four digits.

    `customer_ref` is None once it is detached; `detached_at` is when.
    """

    AGGREGATE: ClassVar[str] = "payment_method"

    kind: str | Unset | None = UNSET
    customer_ref: str | Unset | None = UNSET
    account_ref: str | Unset | None = UNSET
    brand: str | Unset | None = UNSET
    last4: str | Unset | None = UNSET
    exp_month: int | Unset | None = UNSET
    exp_year: int | Unset | None = UNSET
    country: str | Unset | None = UNSET
    funding: str | Unset | None = UNSET
    detached_at: datetime | Unset | None = UNSET
    metadata_: Mapping[str, Any] | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The method, its customer and account."""
        yield self.AGGREGATE, self.external_id
        yield from named(customer=self.customer_ref, account=self.account_ref)
