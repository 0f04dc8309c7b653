"""What providers say about the bank accounts and cards that payouts go to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import named


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalAccountFact(Fact):
    """A bank account or card of a connected account (PAYOUT-8). Names equal the columns of `bursar.external_account`.

    Of its number only `last4` is kept; holder's name and routing number are not. `status` is one of
    `states_money_out.EXTERNAL_ACCOUNT`.
    """

    AGGREGATE: ClassVar[str] = "external_account"

    kind: str | Unset | None = UNSET
    status: str | Unset | None = UNSET
    provider_status: str | Unset | None = UNSET
    account_ref: str | Unset | None = UNSET
    bank_name: str | Unset | None = UNSET
    country: str | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    last4: str | Unset | None = UNSET
    holder_kind: str | Unset | None = UNSET
    fingerprint: str | Unset | None = UNSET
    default_for_currency: bool | Unset | None = UNSET
    deleted_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The external account and the connected account that it belongs to."""
        yield self.AGGREGATE, self.external_id
        yield from named(account=self.account_ref)
