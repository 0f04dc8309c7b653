"""What Stripe says about the moves of a balance, one by one and in pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from billing.rules.balance_moves import converted_source
from billing.rules.facts.base import UNSET, Fact, Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceTransactionFact(Fact):
    """One move. Names equal the columns of `bursar.balance_transaction`.

    Amounts are signed minor units of `currency`, the balance's; positive came in. `fees` lists what `fee_minor` is made of,
    each as {"type", "amount_minor", "currency"}. `exchange_rate` (exact text) is set where the object that it is about,
    `source_ref`, has another currency. `account_ref` is the connected account whose balance it is, null for ours.
    """

    AGGREGATE: ClassVar[str] = "balance_transaction"

    type_: str | Unset | None = UNSET
    reporting_category: str | Unset | None = UNSET
    amount_minor: int | Unset | None = UNSET
    fee_minor: int | Unset | None = UNSET
    net_minor: int | Unset | None = UNSET
    fees: list[Any] | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    exchange_rate: str | Unset | None = UNSET
    source_ref: str | Unset | None = UNSET
    account_ref: str | Unset | None = UNSET
    status: str | Unset | None = UNSET
    available_at: datetime | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The move, and the object that it converts, if it does."""
        yield self.AGGREGATE, self.external_id
        about = converted_source(self.type_, self.exchange_rate, self.source_ref)
        if about is not None:
            yield about


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancePageFact(Fact):
    """A page of moves was read; `external_id` is the account or `platform`.

    `way` says whether the next page has older or newer moves; `next_ref` is the move to go on from, None at the end.
    """

    AGGREGATE: ClassVar[str] = "balance_list"

    way: Literal["older", "newer"]
    next_ref: str | None
    newest_ref: str | None
    newest_at: datetime | None
