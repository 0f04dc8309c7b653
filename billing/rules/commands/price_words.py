"""What the commands about prices say in the same words: an instant, a version's name, a price's terms."""

from __future__ import annotations

import re
from datetime import datetime

from billing.rules.commands.base import MOST_MINOR
from billing.rules.commands.campaigns import campaign_name
from billing.rules.commands.subscriptions import MOST_COUNT
from billing.rules.money import AmountError, exponent

_PRICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}:[1-9][0-9]{0,2}(?:day|week|month|year|once):[A-Z]{3}:v[1-9][0-9]{0,5}")


def instant(value: str | None, name: str) -> datetime | None:
    """The instant that a text says; None where there is none.

    Raises:
        ValueError: it says none, or no zone.
    """
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{name} must be an instant such as 2027-03-01T00:00:00Z") from None
    if found.tzinfo is None:
        raise ValueError(f"{name} needs a zone, such as Z")
    return found


def version_name(value: str, name: str) -> None:
    """Raises ValueError for what names no version."""
    if not _PRICE.fullmatch(value):
        raise ValueError(f"{name} must name a version, such as pro:1month:EUR:v2")


def price_of(product: str, cycle_count: int, currency: str, minor: int) -> None:
    """Raises ValueError for what is no price."""
    campaign_name(product, "product")
    if not 1 <= cycle_count <= MOST_COUNT:
        raise ValueError(f"cycle_count must be 1 to {MOST_COUNT}")
    try:
        exponent(currency)
    except AmountError:
        raise ValueError("currency must be three upper-case letters, such as EUR") from None
    if not 0 <= minor <= MOST_MINOR:
        raise ValueError(f"unit_amount_minor must be 0 to {MOST_MINOR}")
