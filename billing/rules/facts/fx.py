"""What a central bank told about rates of exchange, as far as it was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal

from billing.rules.facts.base import Fact

OUTCOMES: tuple[Literal["told", "unavailable"], ...] = ("told", "unavailable")


@dataclass(frozen=True, slots=True, kw_only=True)
class FxFact(Fact):
    """`external_id` is the bank. `days`: what it told of each day, by currency, as `pair_rate` takes it; empty if it told nothing."""

    AGGREGATE: ClassVar[str] = "fx_feed"

    outcome: Literal["told", "unavailable"]
    at: datetime
    code: str | None
    """Why nothing was told."""
    bases: tuple[str, ...]
    quote: str
    days: Mapping[date, Mapping[str, str]]

    def references(self) -> Iterator[tuple[str, str]]:
        """The feed's row."""
        yield self.AGGREGATE, self.external_id
