"""Money as integers: which currency has how many decimals, exact reading of decimal texts, half-up and nothing else.

No float ever touches an amount, and no literal 100 (PAY-5). Rows keep a provider's amounts in the provider's own unit:
its exponent is ISO 4217's, but for the exceptions that `provider_exponent` knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_ZERO = frozenset(
    {
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG",
        "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
    }
)  # fmt: skip
_THREE = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_USUAL = 2

_PROVIDER_UNITS: Mapping[str, Mapping[str, int]] = {
    # Stripe counts ISK and UGX in hundredths for old integrations' sake (the last two digits are always 00), and
    # MGA, a currency of fifths, in whole units.
    "stripe": {"ISK": 2, "UGX": 2, "MGA": 0},
    # PayPal takes no decimals of these three (its currency table).
    "paypal": {"HUF": 0, "JPY": 0, "TWD": 0},
}
PAYOUT_WHOLE_UNITS: Mapping[str, frozenset[str]] = {"stripe": frozenset({"HUF", "TWD"})}
"""Charged in hundredths, but paid out in whole units only (Stripe's page on currencies)."""

_CODE = re.compile(r"[A-Z]{3}")
_DECIMAL = re.compile(r"(-?)([0-9]{1,30})(?:\.([0-9]{1,30}))?")


class AmountError(ValueError):
    """A text or a number that is no amount of its currency. Nothing was changed and no money moved."""


def exponent(currency: str) -> int:
    """How many decimals ISO 4217 gives the currency: 0, 2 or 3.

    Raises:
        AmountError: not three upper-case letters.
    """
    if not _CODE.fullmatch(currency):
        raise AmountError(f"{currency!r} is no currency code: three upper-case letters are needed, such as EUR")
    if currency in _ZERO:
        return 0
    return 3 if currency in _THREE else _USUAL


def provider_exponent(source: str, currency: str) -> int:
    """The decimals by which a provider counts the currency's smallest unit, its exceptions included."""
    iso = exponent(currency)
    return _PROVIDER_UNITS.get(source, {}).get(currency, iso)


def parse_minor(text: str, decimals: int) -> int:
    """A decimal text (`"12.50"`, `"-0.5"`) in minor units, exactly: digits beyond `decimals` must be zeros.

    Raises:
        AmountError: not a plain decimal, or finer than the currency's smallest unit.
    """
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise AmountError(f"{text[:40]!r} is no plain decimal amount")
    sign, whole, part = found[1], found[2], found[3] or ""
    if part[decimals:].strip("0"):
        raise AmountError(f"{text} is finer than {decimals} decimals")
    minor = int(whole + part[:decimals].ljust(decimals, "0"))
    return -minor if sign else minor


def format_minor(amount_minor: int, decimals: int) -> str:
    """The plain decimal text of an amount, as providers' APIs want it: `1250` with 2 decimals is `"12.50"`."""
    digits = str(abs(amount_minor)).rjust(decimals + 1, "0")
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{digits[: len(digits) - decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def amount_text(amount_minor: int, currency: str, source: str = "") -> str:
    """As people read it: `12.50 EUR`; by the unit in which that provider counts the currency, else by ISO 4217's.

    Raises:
        AmountError: no currency code.
    """
    return f"{format_minor(amount_minor, provider_exponent(source, currency))} {currency}"


def iso_minor(minor: int, currency: str, source: str) -> int:
    """An amount counted as that provider counts the currency, in the currency's own minor units; further decimals are zeros there.

    Raises:
        AmountError: no currency code.
    """
    finer: int = 10 ** abs(exponent(currency) - provider_exponent(source, currency))
    return minor * finer if exponent(currency) >= provider_exponent(source, currency) else minor // finer


def divide_half_up(numerator: int, denominator: int) -> int:
    """The quotient, rounded half away from zero (commercial rounding): -0.5 becomes -1, as 0.5 becomes 1.

    Raises:
        AmountError: the denominator is not positive.
    """
    if denominator <= 0:
        raise AmountError(f"cannot divide by {denominator}: the denominator must be positive")
    half_up = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -half_up if numerator < 0 else half_up


def share_half_up(amount_minor: int, numerator: int, denominator: int) -> int:
    """`amount_minor * numerator / denominator`, multiplied first and rounded once (5 % is 5 and 100)."""
    return divide_half_up(amount_minor * numerator, denominator)


def split(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """The amount split by weights, to the last unit: floors first, then the largest remainders, earlier ones on a tie.

    Raises:
        AmountError: no weights, a negative one, or all of them zero.
    """
    total = sum(weights)
    if not weights or min(weights) < 0 or total == 0:
        raise AmountError("an amount needs weights of zero and more, and one above zero, to be split by")
    size = abs(amount_minor)
    parts = [size * weight // total for weight in weights]
    left = size - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] % total), i))
    for index in by_remainder[:left]:
        parts[index] += 1
    return [-part for part in parts] if amount_minor < 0 else parts
