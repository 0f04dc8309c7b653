"""What providers say about money on its way from an account to somebody's bank, card or wallet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import named, wanted_by


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutFact(Fact):
    """One payout (Stripe) or payout item (PayPal). Names equal the columns of `bursar.payout`.

    `amount_minor` and `fee_minor` are minor units of `currency`; a negative amount is a payout that the provider
    draws back from the bank. `status` is one of `states_money_out.PAYOUT`: paid is not final (a bank may still return
    it), failed, returned and cancelled are. `failed_at` is the instant at which the funds came back (failed, returned
    or cancelled), said only by the event that tells of it (PAYOUT-6). `account_ref` is the connected account whose
    money it is, null for our own. `destination_ref` is an external account's id, or a recipient's masked address.
    `batch_ref` is the provider's batch (PayPal), `original_payout_ref`/`reversed_by_ref` link a reversal.
    `confirmed`, as of payments: False for PayPal's weakly signed body, until it has been looked up.
    """

    AGGREGATE: ClassVar[str] = "payout"

    amount_minor: int | Unset | None = UNSET
    fee_minor: int | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    status: str | Unset | None = UNSET
    provider_status: str | Unset | None = UNSET
    failure_code: str | Unset | None = UNSET
    failure_message: str | Unset | None = UNSET
    paid_at: datetime | Unset | None = UNSET
    failed_at: datetime | Unset | None = UNSET
    arrival_on: date | Unset | None = UNSET
    automatic: bool | Unset | None = UNSET
    method: str | Unset | None = UNSET
    destination_ref: str | Unset | None = UNSET
    account_ref: str | Unset | None = UNSET
    batch_ref: str | Unset | None = UNSET
    balance_transaction_ref: str | Unset | None = UNSET
    failure_balance_transaction_ref: str | Unset | None = UNSET
    original_payout_ref: str | Unset | None = UNSET
    reversed_by_ref: str | Unset | None = UNSET
    reconciliation_status: str | Unset | None = UNSET
    confirmed: bool | Unset | None = UNSET
    metadata_: Mapping[str, Any] | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The payout, the account whose money it is, and the request of ours that wanted it."""
        yield self.AGGREGATE, self.external_id
        yield from wanted_by(self.metadata_, "payout_request")
        yield from named(account=self.account_ref)
