"""What providers say about payers who contest a charge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import named, wanted_by


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeFact(Fact):
    """One dispute. Names equal the columns of `bursar.dispute`.

    `amount_minor` is what is contested, which may be less than the charge; minor units of `currency`. `status` is one
    of `states_money_out.DISPUTE`. Money moves only as the funds fields say (DISPUTE-4), never by opening or closing:
    `funds_withdrawn_minor` and `funds_reinstated_minor` are cumulative, positive, in minor units of `currency`, and
    merge by maximum; `balance_transactions` lists those moves as the provider booked them, fees included, perhaps in
    another currency, each as {"id", "amount_minor", "fee_minor", "net_minor", "currency", "at"}: negative out,
    positive in.
    `confirmed`, as of payments: False for PayPal's weakly signed body, until it has been looked up.
    """

    AGGREGATE: ClassVar[str] = "dispute"
    MAXIMA: ClassVar[frozenset[str]] = frozenset({"funds_withdrawn_minor", "funds_reinstated_minor"})

    amount_minor: int | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    status: str | Unset | None = UNSET
    provider_status: str | Unset | None = UNSET
    reason: str | Unset | None = UNSET
    stage: str | Unset | None = UNSET
    evidence_due_at: datetime | Unset | None = UNSET
    is_charge_refundable: bool | Unset | None = UNSET
    funds_withdrawn_minor: int | Unset | None = UNSET
    funds_reinstated_minor: int | Unset | None = UNSET
    balance_transactions: list[Any] | Unset | None = UNSET
    charge_ref: str | Unset | None = UNSET
    payment_ref: str | Unset | None = UNSET
    account_ref: str | Unset | None = UNSET
    confirmed: bool | Unset | None = UNSET
    metadata_: Mapping[str, Any] | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET
    closed_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The dispute, our case and answer, the account it lives in, and the disputed payment and charge, no other (DISPUTE-5)."""
        yield self.AGGREGATE, self.external_id
        yield "dispute_case", self.external_id
        yield from wanted_by(self.metadata_, "dispute_response")
        yield from named(account=self.account_ref, payment=self.payment_ref, charge=self.charge_ref)
