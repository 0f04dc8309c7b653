"""Which way to pay is offered in which country (PAY-15): one table that every verb which takes money refuses against."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class Offer:
    """Where a method may be used: `only` these countries if given, else everywhere but `not_in`. ISO 3166-1, two letters."""

    only: frozenset[str] = frozenset()
    not_in: frozenset[str] = frozenset()

    def covers(self, country: str) -> bool:
        """Whether it is offered there."""
        return country in self.only if self.only else country not in self.not_in


METHODS: Mapping[str, Offer] = {
    "card": Offer(not_in=frozenset({"PK"})),
    "paypal": Offer(not_in=frozenset({"PK"})),
    "bank_transfer": Offer(only=frozenset({"PK"})),
}
"""Cards and PayPal everywhere but in Pakistan, bank transfers there only."""


def offered(method: str, country: str | None) -> bool:
    """Whether a payer of this country may pay so. An unknown country (None) is no reason to refuse; an unknown method is.

    Raises:
        ValueError: the country is no two upper-case letters.
    """
    if country is not None and not _COUNTRY.fullmatch(country):
        raise ValueError(f"{country!r} is no country: two upper-case letters are needed, such as DE")
    offer = METHODS.get(method)
    return offer is not None and (country is None or offer.covers(country))


def methods_in(country: str) -> list[str]:
    """What may be used there, in the order of their names."""
    return sorted(method for method, offer in METHODS.items() if offer.covers(country))
