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

    email: str | None | Unset = UNSET
    name: str | None | Unset = UNSET
    currency: str | None | Unset = UNSET
    balance_minor: int | None | Unset = UNSET
    delinquent: bool | None | Unset = UNSET
    default_payment_method_ref: str | None | Unset = UNSET
    tax_exempt: str | None | Unset = UNSET
    metadata_: Mapping[str, Any] | None | Unset = UNSET
    deleted_at: datetime | None | Unset = UNSET
