"""What providers say about the platform's share of a connected account's charge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import named


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFeeFact(Fact):
    """One application fee. Names equal the columns of `bursar.application_fee`.

    Amounts are positive minor units of `currency`; `refunded_minor` is cumulative and merges by maximum.
    `account_ref` is the connected account that paid the fee, `charge_ref` the charge that it was taken from.
    """

    AGGREGATE: ClassVar[str] = "application_fee"
    MAXIMA: ClassVar[frozenset[str]] = frozenset({"refunded_minor"})

    amount_minor: int | Unset | None = UNSET
    refunded_minor: int | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    account_ref: str | Unset | None = UNSET
    charge_ref: str | Unset | None = UNSET
    balance_transaction_ref: str | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The fee, the account that paid it and the charge."""
        yield self.AGGREGATE, self.external_id
        yield from named(account=self.account_ref, charge=self.charge_ref)
