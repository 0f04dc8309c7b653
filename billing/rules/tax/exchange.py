"""Amounts in the currency of a tax office: exact, by a rate that is a decimal text, rounded half up once (TAX-5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from fractions import Fraction

from billing.rules.money import divide_half_up, exponent

MOST_RATE_AGE = timedelta(days=7)
"""A rate older than this on the day of the tax point is none: a long weekend is bridged, a feed that died is not."""
_RATE = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?")
_DECIMALS = 9
"""Of a rate that is worked out, where a bank tells none for the pair: as many as a rate may have."""


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


def quotient(above: str, below: str) -> str:
    """One rate over another as a rate: nine decimals, rounded half up, without zeros at the end.

    Raises:
        ValueError: one is no rate, or what comes out is none: it is below half of the last decimal, or too large.
    """
    (up, over), (down, under) = _fraction(above), _fraction(below)
    whole, part = divmod(divide_half_up(up * under * 10**_DECIMALS, over * down), 10**_DECIMALS)
    return rate_of(f"{whole}.{part:0{_DECIMALS}}".rstrip("0").rstrip("."))


def moved_more(before: str, after: str, most: tuple[int, int]) -> bool:
    """Whether a rate moved by more than the fraction `most` of what it was, up or down.

    Raises:
        ValueError: one is no rate.
    """
    (old, old_below), (new, new_below) = _fraction(before), _fraction(after)
    return abs(new * old_below - old * new_below) * most[1] > old * new_below * most[0]


def middle_rate(rates: Iterable[str]) -> str:
    """The one in the middle, by size: what rates of neighbouring days come to, whatever one of them says.

    Raises:
        ValueError: there is none, or one is no rate.
    """
    ordered = sorted(rates, key=lambda rate: Fraction(*_fraction(rate)))
    if not ordered:
        raise ValueError("of no rates none is in the middle")
    return ordered[len(ordered) // 2]


def _fraction(text: str) -> tuple[int, int]:
    found = _RATE.fullmatch(text)
    if found is None or not text.strip("0."):
        raise ValueError(f"{text[:40]!r} is no rate of exchange: a plain decimal above zero is needed, such as 5.0898")
    part = found[2] or ""
    return int(found[1] + part), int(10 ** len(part))
