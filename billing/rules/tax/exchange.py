"""Amounts in the currency of a tax office: exact, by a rate that is a decimal text, rounded half up once (TAX-5)."""

from __future__ import annotations

import re
from datetime import timedelta

from billing.rules.money import divide_half_up, exponent

MOST_RATE_AGE = timedelta(days=7)
"""A rate older than this on the day of the tax point is none: a long weekend is bridged, a feed that died is not."""
_RATE = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?")


def convert(amount_minor: int, currency: str, into: str, rate: str) -> int:
    """An amount of `currency` in minor units of `into`; `rate` is units of `into` for one of `currency`.

    Raises:
        ValueError: the rate is none, or a currency is.
    """
    numerator, denominator = _fraction(rate)
    up, down = 10 ** exponent(into), 10 ** exponent(currency)
    return divide_half_up(amount_minor * numerator * up, denominator * down)


def rate_of(text: str) -> str:
    """`text`, if it is a rate: a plain decimal above zero with at most nine decimals.

    Raises:
        ValueError: it is none.
    """
    _fraction(text)
    return text


def _fraction(text: str) -> tuple[int, int]:
    found = _RATE.fullmatch(text)
    if found is None or not text.strip("0."):
        raise ValueError(f"{text[:40]!r} is no rate of exchange: a plain decimal above zero is needed, such as 5.0898")
    part = found[2] or ""
    return int(found[1] + part), int(10 ** len(part))
