"""What a provider says about an account's balance: a snapshot without an id or a version, so the newer one stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from billing.rules.facts.base import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceFact(Fact):
    """The balance of the account `external_id`: currency -> {"available_minor", "pending_minor"}; either may be negative."""

    AGGREGATE: ClassVar[str] = "payee"

    balances: Mapping[str, Mapping[str, int]]

    def references(self) -> Iterator[tuple[str, str]]:
        """The account and its payee."""
        yield "account", self.external_id
        yield self.AGGREGATE, self.external_id
