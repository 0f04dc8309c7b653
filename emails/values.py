"""Amounts, days and instants inside a mail's context: kept as values, put into words only when the language is known.

Contexts are stored as JSON in the outbox. Rows of before there were languages hold ready texts instead; those go out as
they are.
"""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime

from billing.rules.money import provider_exponent

_CODE_AND_DIGIT = re.compile(r"(?<=[A-Z])(?=[0-9])")


@dataclass(frozen=True, slots=True)
class Amount:
    """Money in minor units, `decimals` of which are behind the comma."""

    minor: int
    currency: str
    decimals: int

    @classmethod
    def of(cls, minor: int, currency: str, source: str = "") -> Amount:
        """Counted as that provider counts the currency, else by ISO 4217.

        Raises:
            AmountError: no currency code.
        """
        return cls(minor, currency, provider_exponent(source, currency))


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar, `2027-03-31`."""

    day: str

    @classmethod
    def of(cls, day: date) -> Day:
        """Of an instant: its day in UTC."""
        return cls(f"{day.astimezone(UTC) if isinstance(day, datetime) else day:%Y-%m-%d}")


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, in RFC 3339; told in the reader's zone."""

    at: str

    @classmethod
    def of(cls, at: datetime) -> Moment:
        """To the minute, which is what mails say."""
        return cls(at.astimezone(UTC).isoformat(timespec="minutes"))


def worded(value: Any, locale: Locale, zone: ZoneInfo) -> Any:
    """What a template sees of a value of a context: texts for the three kinds above, everything else unchanged."""
    if isinstance(value, dict):
        if value.keys() == {"minor", "currency", "decimals"}:
            return amount_in(locale, value["minor"], value["currency"], value["decimals"])
        if value.keys() == {"day"}:
            return format_date(date.fromisoformat(value["day"]), format="long", locale=locale)
        if value.keys() == {"at"}:
            return moment_in(locale, datetime.fromisoformat(value["at"]), zone)
        return {name: worded(part, locale, zone) for name, part in value.items()}
    return [worded(part, locale, zone) for part in value] if isinstance(value, (list, tuple)) else value


def amount_in(locale: Locale, minor: int, currency: str, decimals: int) -> str:
    """`€1,250.00`, `1.250,00 RON`: never rounded, whatever decimals the locale's own table has for the currency."""
    pattern = copy(locale.currency_formats["standard"])
    pattern.frac_prec = (decimals, decimals)
    exact = Decimal(minor).scaleb(-decimals)
    # A currency without a sign of its own stands as its code, which the pattern would put against the digits.
    return _CODE_AND_DIGIT.sub("\N{NO-BREAK SPACE}", str(pattern.apply(exact, locale, currency=currency, currency_digits=False)))


def moment_in(locale: Locale, at: datetime, zone: ZoneInfo) -> str:
    """The minute in that zone, with the zone's name."""
    local = at.astimezone(zone)
    name = "UTC" if zone.key == "UTC" else local.tzname() or zone.key
    return f"{format_datetime(local, format='d MMMM y, HH:mm', locale=locale)} {name}"
