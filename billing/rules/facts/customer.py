"""What providers say about customers and their ways to pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFact(Fact):
    """A customer's snapshot (Stripe `customer.*`). Names equal the columns of `bursar.customer`."""

    AGGREGATE: ClassVar[str] = "customer"

    email: str | Unset | None = UNSET
    name: str | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    balance_minor: int | Unset | None = UNSET
    delinquent: bool | Unset | None = UNSET
    default_payment_method_ref: str | Unset | None = UNSET
    tax_exempt: str | Unset | None = UNSET
    metadata_: Mapping[str, Any] | Unset | None = UNSET
    deleted_at: datetime | Unset | None = UNSET
