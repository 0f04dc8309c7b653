"""Romania's public holidays, for periods in working days: the rules take them as an argument (TAX-3)."""

from __future__ import annotations

from datetime import date
from functools import cache

from holidays.countries.romania import Romania


@cache
def romanian_holidays(year: int) -> frozenset[date]:
    """Those of `year` and the next, by the Labour Code as it was then: a period may end in the new year."""
    return frozenset(Romania(years=(year, year + 1)))  # type: ignore[no-untyped-call]
