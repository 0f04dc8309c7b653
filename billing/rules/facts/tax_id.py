"""What providers say about a customer's tax numbers (INBOX-10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import named


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxIdFact(Fact):
    """A tax number and what the provider's check of it said. Names equal the columns of `bursar.tax_id`."""

    AGGREGATE: ClassVar[str] = "tax_id"

    customer_ref: str | Unset | None = UNSET
    kind: str | Unset | None = UNSET
    value: str | Unset | None = UNSET
    country: str | Unset | None = UNSET
    verification_status: str | Unset | None = UNSET
    deleted_at: datetime | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The number and its customer."""
        yield self.AGGREGATE, self.external_id
        yield from named(customer=self.customer_ref)
