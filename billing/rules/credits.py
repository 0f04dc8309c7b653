"""The rules of credits: which are spent first, how long they are valid, when they run low (CRED-2, CRED-3, CRED-8, CRED-11).

Credits are whole numbers without a currency. Nothing here is money.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from billing.rules.cycle import Cycle, Unit

WHOLE_PERCENT = 10 * 10
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a lot."""

    lot: str
    remaining: int
    expires_at: datetime | None
    granted_at: datetime

    @property
    def order(self) -> tuple[datetime, datetime, str]:
        """CRED-11: soonest to expire first, what never expires last; of two alike the older."""
        return self.expires_at or _NEVER, self.granted_at, self.lot


def take(lots: Iterable[Left], amount: int) -> list[tuple[str, int]]:
    """(lot, credits) that together are `amount`, in spend order; all that there is where it is not enough."""
    parts = []
    for one in sorted(lots, key=lambda one: one.order):
        if amount <= 0:
            break
        part = min(amount, one.remaining)
        if part > 0:
            parts.append((one.lot, part))
            amount -= part
    return parts


def valid_until(granted_at: datetime, months: int | None, zone: str | None = None) -> datetime | None:
    """CRED-2: so many calendar months later, the 31st clamped to the month's end; None months: for ever."""
    return None if months is None else Cycle(granted_at, zone or "UTC", "month", months).boundary(1)


def low_at(balance: int, full: int | None, percents: Sequence[int], warned: Sequence[int]) -> list[int]:
    """CRED-8: the thresholds, in percent of what there was when the period began, that are reached and of which nobody was told yet."""
    if not full:
        return []
    return sorted(percent for percent in percents if balance * WHOLE_PERCENT <= full * percent and percent not in warned)


@dataclass(frozen=True, slots=True)
class Month:
    """A credit month: in it the subscription pool is set once."""

    start: datetime
    end: datetime


def _longer_than_a_month(unit: str | None, count: int | None) -> bool:
    return unit == "year" or (unit == "month" and (count or 1) > 1)


def credit_month(
    at: datetime, paid_from: datetime, paid_until: datetime, *, anchor_at: datetime, zone: str | None, unit: str | None, count: int | None
) -> Month:
    """The credit month of a paid span that `at` lies in (CRED-3).

    Cycles of up to a month are credit months themselves. Longer ones have a reset on each month's anchor day; what a change of
    terms cuts off is a shorter one.
    """
    name: Unit = "month" if _longer_than_a_month(unit, count) or unit not in ("day", "week") else ("day" if unit == "day" else "week")
    months = Cycle(anchor_at, zone or "UTC", name, 1 if name == "month" else count or 1)
    number = months.number_at(max(at, paid_from))
    return Month(max(months.boundary(number), paid_from), min(months.boundary(number + 1), paid_until))


def worth(price_minor: int, granted: int, spent: int) -> int:
    """What the spent part of a package cost, in minor units, half-up (REFUND-13)."""
    return (2 * price_minor * spent + granted) // (2 * granted) if granted else 0
