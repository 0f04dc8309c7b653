"""The rules of meters: how measurements add up, how they are shown, when somebody is told (USAGE-3, USAGE-4).

Quantities are whole numbers of a meter's smallest unit (bytes, seconds), so that nothing is rounded before it is added up. Rounding
is for what is shown and compared with limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from billing.rules.credits import WHOLE_PERCENT

Aggregation = Literal["sum", "count", "max", "last", "unique"]
Rounding = Literal["up", "down", "nearest", "none"]


@dataclass(frozen=True, slots=True)
class Sum:
    """What a counter has: its value in the smallest unit, and when the newest measurement was made."""

    value: int = 0
    last_at: datetime | None = None


def added(kind: str, before: Sum, quantity: int, used_at: datetime, *, new_item: bool = False) -> Sum:
    """One more measurement. Any order of arrival ends the same, but for two of `last` at one instant: then the greater one counts."""
    newest = used_at if before.last_at is None else max(before.last_at, used_at)
    value = before.value
    if kind == "sum":
        value += quantity
    elif kind == "count":
        value += 1
    elif kind == "max":
        value = max(value, quantity)
    elif kind == "unique":
        value += new_item
    elif before.last_at is None or used_at > before.last_at:
        value = quantity
    elif used_at == before.last_at:
        value = max(value, quantity)
    return Sum(value, newest)


def shown(value: int, unit_size: int, rounding: str) -> int:
    """In units of `unit_size`, rounded as the meter says; half-up where to the nearest. `bursar_api.usage` says the same in SQL."""
    if rounding == "up":
        return -(-value // unit_size)
    if rounding == "nearest":
        return (2 * value + unit_size) // (2 * unit_size)
    return value // unit_size


def alerts_at(used: int, limit: int | None, percents: Sequence[int], alerted: Sequence[int]) -> list[int]:
    """Thresholds, in percent of the limit, that are reached and of which nobody was told yet; without a limit none."""
    if not limit:
        return []
    return sorted(percent for percent in percents if used * WHOLE_PERCENT >= limit * percent and percent not in alerted)
