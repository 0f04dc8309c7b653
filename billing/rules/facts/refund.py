"""What providers say about money that goes back to a payer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import named, wanted_by


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFact(Fact):
    """One refund, whoever made it: we, or somebody in the provider's dashboard (REFUND-6).

    Names equal the columns of `bursar.refund`.

    `amount_minor` is positive, in minor units of `currency`. `status` is one of `states_money_out.REFUND`;
    `provider_status` is the provider's own word. `charge_ref` names the charge (Stripe) or capture or sale (PayPal)
    that is paid back, `payment_ref` its payment. `failed_at` is said only by the event that tells of the failure, so
    that a later snapshot does not move it.
    `confirmed`, as of payments: False for PayPal's weakly signed body, until it has been looked up.
    """

    AGGREGATE: ClassVar[str] = "refund"

    amount_minor: int | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    status: str | Unset | None = UNSET
    provider_status: str | Unset | None = UNSET
    reason: str | Unset | None = UNSET
    failure_reason: str | Unset | None = UNSET
    failed_at: datetime | Unset | None = UNSET
    charge_ref: str | Unset | None = UNSET
    payment_ref: str | Unset | None = UNSET
    account_ref: str | Unset | None = UNSET
    balance_transaction_ref: str | Unset | None = UNSET
    failure_balance_transaction_ref: str | Unset | None = UNSET
    transfer_reversal_ref: str | Unset | None = UNSET
    source_transfer_reversal_ref: str | Unset | None = UNSET
    confirmed: bool | Unset | None = UNSET
    metadata_: Mapping[str, Any] | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The refund, our request for it, its account, its payment and its charge, whose refunded amounts follow from it."""
        yield self.AGGREGATE, self.external_id
        yield from wanted_by(self.metadata_, "refund_request")
        yield from named(account=self.account_ref, payment=self.payment_ref, charge=self.charge_ref)
