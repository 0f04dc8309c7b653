"""Which version of a price holds at an instant: of several that have begun, the one that began last (PRICE-1, PRICE-2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceVersion:
    """One published version, as far as it decides what is billed. Amounts in minor units per seat and cycle."""

    reference: str
    product_ref: str
    cycle_unit: str
    cycle_count: int
    currency: str
    version: int
    unit_amount_minor: int
    effective_for_new_at: datetime
    effective_for_existing_at: datetime | None = None
    notice_days: int = 0
    """Of a raise: how long before it one must have been told (PRICE-3)."""


def price_in_force(
    versions: Iterable[PriceVersion], *, product_ref: str, cycle_unit: str, cycle_count: int, currency: str, at: datetime
) -> PriceVersion | None:
    """The version that whoever subscribes at `at` gets; None: this product has no price of that cycle and currency yet.

    Two that begin at the same instant: the later version.
    """
    wanted = (product_ref, cycle_unit, cycle_count, currency)
    begun = [
        one
        for one in versions
        if (one.product_ref, one.cycle_unit, one.cycle_count, one.currency) == wanted and one.effective_for_new_at <= at
    ]
    return max(begun, key=lambda one: (one.effective_for_new_at, one.version), default=None)
