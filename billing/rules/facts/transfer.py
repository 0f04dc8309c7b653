"""What providers say about money that the platform moves to a connected account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import named, wanted_by


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFact(Fact):
    """One transfer (PAYOUT-5). Names equal the columns of `bursar.transfer`.

    `amount_minor` and `reversed_minor` are positive minor units of `currency`; the latter is cumulative and merges by
    maximum. `provider_status` exists in shapes before 2017 only, when payouts were called transfers; the row's status
    is derived (`states_money_out.transfer_status`). `destination_ref` is the connected account that got the money,
    `charge_ref` the charge that it came from (Stripe's `source_transaction`), `account_ref` the account in which the
    transfer itself was made, null for our own.
    """

    AGGREGATE: ClassVar[str] = "transfer"
    MAXIMA: ClassVar[frozenset[str]] = frozenset({"reversed_minor"})

    amount_minor: int | Unset | None = UNSET
    reversed_minor: int | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    provider_status: str | Unset | None = UNSET
    failure_code: str | Unset | None = UNSET
    failure_message: str | Unset | None = UNSET
    destination_ref: str | Unset | None = UNSET
    destination_payment_ref: str | Unset | None = UNSET
    charge_ref: str | Unset | None = UNSET
    account_ref: str | Unset | None = UNSET
    balance_transaction_ref: str | Unset | None = UNSET
    transfer_group: str | Unset | None = UNSET
    metadata_: Mapping[str, Any] | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The transfer, the account that got it, the charge that it came from, and the request of ours that wanted it."""
        yield self.AGGREGATE, self.external_id
        yield from wanted_by(self.metadata_, "transfer_request")
        yield from named(account=self.destination_ref, charge=self.charge_ref)
