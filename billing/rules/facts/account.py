"""What providers say about connected accounts: those that money is passed on to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from billing.rules.facts.base import UNSET, Fact, Unset
from billing.rules.facts.named import wanted_by


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFact(Fact):
    """A connected account (PAYOUT-13). Names equal the columns of `bursar.account`.

    `requirements` is the provider's list of what it still wants to know, by field name only, never the answers.
    `authorized` is said by the events of our application's authorisation only: true, or false once it was taken away.
    """

    AGGREGATE: ClassVar[str] = "account"

    kind: str | Unset | None = UNSET
    email: str | Unset | None = UNSET
    country: str | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    charges_enabled: bool | Unset | None = UNSET
    payouts_enabled: bool | Unset | None = UNSET
    details_submitted: bool | Unset | None = UNSET
    disabled_reason: str | Unset | None = UNSET
    requirements: Mapping[str, Any] | Unset | None = UNSET
    capabilities: Mapping[str, Any] | Unset | None = UNSET
    authorized: bool | Unset | None = UNSET
    metadata_: Mapping[str, Any] | Unset | None = UNSET
    provider_created_at: datetime | Unset | None = UNSET

    def references(self) -> Iterator[tuple[str, str]]:
        """The account, and the request of ours that wanted it."""
        yield self.AGGREGATE, self.external_id
        yield from wanted_by(self.metadata_, "account_request")
