"""What providers say about subscriptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import named


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionFact(Fact):
    """A subscription's snapshot (SUB-8). Names equal the columns of `bursar.subscription`.

    `status` is one of `states.SUBSCRIPTION`, `provider_status` the provider's own word. The cycle is `cycle_count`
    times `cycle_unit` (day, week, month, year). `items` are JSON objects with id, price_ref, product_ref, quantity,
    unit_amount_minor, currency, period_start, period_end (instants as texts). The period is the widest of its items'.
    """

    AGGREGATE: ClassVar[str] = "subscription"

    status: str | Unset | None = UNSET
    provider_status: str | Unset | None = UNSET
    customer_ref: str | Unset | None = UNSET
    account_ref: str | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    cycle_unit: str | Unset | None = UNSET
    cycle_count: int | Unset | None = UNSET
    quantity: int | Unset | None = UNSET
    items: Sequence[Mapping[str, Any]] | Unset | None = UNSET
    current_period_start: datetime | Unset | None = UNSET
    current_period_end: datetime | Unset | None = UNSET
    started_at: datetime | Unset | None = UNSET
    trial_start_at: datetime | Unset | None = UNSET
    trial_end_at: datetime | Unset | None = UNSET
    cancel_at_period_end: bool | Unset | None = UNSET
    cancel_at: datetime | Unset | None = UNSET
    cancelled_at: datetime | Unset | None = UNSET
    cancellation_reason: str | Unset | None = UNSET
    ended_at: datetime | Unset | None = UNSET
    collection_method: str | Unset | None = UNSET
    latest_invoice_ref: str | Unset | None = UNSET
    default_payment_method_ref: str | Unset | None = UNSET
    plan_ref: str | Unset | None = UNSET
    metadata_: Mapping[str, Any] | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The subscription, its customer and its account."""
        yield self.AGGREGATE, self.external_id
        yield from named(customer=self.customer_ref, account=self.account_ref)
