"""Amounts, rates and days as a paper prints them: in the reader's language, exactly, in the currency's own decimals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal

from billing.rules.money import divide_half_up, exponent
from billing.rules.paper.document import RATE_SCALE
from emails.languages import locale_of

_FINER = 2
"""A unit price may have so many more decimals than its currency."""
_DATE = "d MMM y"


def amount(minor: int, currency: str, language: str) -> str:
    """`1,234.50`: without the currency, for columns that have it in their head."""
    return _decimal(minor, exponent(currency), exponent(currency), language)


def money(minor: int, currency: str, language: str) -> str:
    """`1,234.50 EUR`."""
    return f"{amount(minor, currency, language)}\N{NO-BREAK SPACE}{currency}"


def unit_price(net_minor: int, quantity: int, currency: str, language: str) -> str:
    """Net amount by quantity, half-up to two decimals more than the currency has; those shown only if they are needed."""
    decimals = exponent(currency)
    finer = divide_half_up(net_minor * 10**_FINER, quantity)
    return _decimal(finer, decimals + _FINER, decimals, language)


def percent(rate: int, language: str) -> str:
    """A rate in ten-thousandths of a per cent: `25.5 %`, with the language's own comma."""
    return f"{_decimal(rate, len(str(RATE_SCALE)) - 1, 0, language)}\N{NO-BREAK SPACE}%"


def day(on: date, language: str) -> str:
    """`21 Nov 2026`."""
    return str(format_date(on, _DATE, locale=locale_of(language)))


def month(on: date, language: str) -> str:
    """`October 2026`."""
    return str(format_date(on, "LLLL y", locale=locale_of(language)))


def span(start: date | None, end: date | None, language: str) -> str | None:
    """`1 Nov 2026 – 30 Nov 2026`, or the one that is known."""
    days = [day(on, language) for on in (start, end) if on]
    return " – ".join(days) or None


def _decimal(scaled: int, decimals: int, least: int, language: str) -> str:
    pattern = "#,##0" + ("." + "0" * least + "#" * (decimals - least) if decimals else "")
    text = format_decimal(Decimal(scaled).scaleb(-decimals), pattern, locale=locale_of(language))
    return str(text).replace("-", "\N{MINUS SIGN}")
