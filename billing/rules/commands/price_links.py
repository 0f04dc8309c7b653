"""The command that says what a version of a price is called at a provider (PRICE-9)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.price_words import version_name
from billing.rules.commands.prices import UNKNOWN_PRICE
from billing.rules.commands.subscribers import OWN

_REF = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLinked:
    """The link."""

    price: str
    """The version's name."""
    source: str
    """The provider."""
    provider_ref: str
    """What it is called there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPrice(Command):
    """Says what a version is called at a provider, so that subscriptions that are billed there can be moved to it; said again, it is set
    anew. The product's `provider_refs` get the name, too. It must exist there, with that amount, currency and cycle."""

    NAME: ClassVar[str] = "billing.prices.link.v1"
    RESULT: ClassVar[type] = PriceLinked
    REFUSALS: ClassVar[Mapping[str, str]] = {**UNKNOWN_PRICE, "linked_already": "`provider_ref` is another version's (`details.current`)"}

    price: str
    """The version, such as `pro:1month:EUR:v2`."""
    source: Literal["stripe", "paypal"]
    """The provider."""
    provider_ref: str
    """Stripe's price (`price_...`), PayPal's plan (`P-...`)."""
    reason: str
    """Why, for the audit."""

    def __post_init__(self) -> None:
        version_name(self.price, "price")
        line(self.reason, "reason")
        if not _REF.fullmatch(self.provider_ref):
            raise ValueError("provider_ref must be 1 to 255 printable characters without blanks")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Product and link."""
        yield "product", OWN, self.price.partition(":")[0]
        yield "price_link", OWN, f"{self.source}:{self.price}"
