"""What a promo code takes off, and when: integers only, each rounded once, and never more than is owed (PROMO-3, PROMO-4)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from billing.rules.money import share_half_up, split

Kind = Literal["percentage", "fixed", "bogo"]
KINDS: Mapping[str, Kind] = {"percentage": "percentage", "fixed": "fixed", "bogo": "bogo"}
"""By the word in the row."""
WHOLE = 10_000
"""Basis points: 10000 are 100 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoRule:
    """What a campaign gives. Which fields count follows from the kind."""

    kind: Kind
    basis_points: int = 0
    """Of `percentage`: 1 to 10000."""
    amount_minor: int = 0
    """Of `fixed`: in minor units of `currency`."""
    currency: str | None = None
    """Of `fixed`: the order's must be the same. A percentage needs none."""
    buy_quantity: int = 0
    free_quantity: int = 0
    """Of `bogo`: of each `buy_quantity + free_quantity` units, `free_quantity` are free, the cheapest of the order."""

    def __post_init__(self) -> None:
        if self.kind == "percentage" and not 0 < self.basis_points <= WHOLE:
            raise ValueError(f"basis_points must be 1 to {WHOLE}")
        if self.kind == "fixed" and (self.amount_minor <= 0 or self.currency is None):
            raise ValueError("amount_minor must be above zero, with its currency")
        if self.kind == "bogo" and (self.buy_quantity <= 0 or self.free_quantity <= 0):
            raise ValueError("buy_quantity and free_quantity must be above zero")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """What is bought: the price of one in minor units of the order's currency, and how many."""

    unit_minor: int
    quantity: int = 1

    def __post_init__(self) -> None:
        if self.unit_minor < 0 or self.quantity <= 0:
            raise ValueError("a line has a price of zero or more and a quantity above zero")

    @property
    def total_minor(self) -> int:
        """Price times quantity."""
        return self.unit_minor * self.quantity


def discount(rule: PromoRule, lines: Sequence[OrderLine]) -> list[int]:
    """What is taken off each line, in minor units: zero or more, and never more than the line comes to.

    The sum is the discount: of a percentage, the half-up share of the order's total; of a fixed amount, that or the total, whichever
    is less. Both are shared out over the lines by largest remainder. The currency is the caller's to compare (`fits_currency`).
    """
    totals = [line.total_minor for line in lines]
    total = sum(totals)
    if total == 0:
        return [0] * len(totals)
    if rule.kind == "bogo":
        return _cheapest(rule, lines)
    off = share_half_up(total, rule.basis_points, WHOLE) if rule.kind == "percentage" else min(rule.amount_minor, total)
    return split(off, totals)


def _cheapest(rule: PromoRule, lines: Sequence[OrderLine]) -> list[int]:
    left = sum(line.quantity for line in lines) // (rule.buy_quantity + rule.free_quantity) * rule.free_quantity
    off = [0] * len(lines)
    for index in sorted(range(len(lines)), key=lambda index: (lines[index].unit_minor, index)):
        free = min(left, lines[index].quantity)
        off[index], left = free * lines[index].unit_minor, left - free
    return off


def fits_currency(rule: PromoRule, currency: str) -> bool:
    """PROMO-3: a fixed amount is one of its own currency only."""
    return rule.kind != "fixed" or rule.currency == currency


def runs_at(now: datetime, starts_on: str | None, ends_on: str | None, zone: str) -> bool:
    """Whether the campaign's zone has one of its days, first to last inclusive, at `now` (ISO dates; None: without bound)."""
    today = now.astimezone(ZoneInfo(zone)).date().isoformat()
    return (starts_on is None or starts_on <= today) and (ends_on is None or today <= ends_on)


def normalised(code: str) -> str:
    """The code as it is kept: compatibility forms unified, without blanks around it, upper case."""
    return unicodedata.normalize("NFKC", code).strip().upper()
