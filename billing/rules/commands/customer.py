"""Commands about customers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLinked:
    """Which customer the provider's one is."""

    customer: str
    """Bursar's public id of the provider's customer."""
    external_ref: str
    """The app's own id of the customer."""
    previous: str | None
    """The app's id that it was linked with before; null if there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCustomer(Command):
    """Says whose account at a provider this is: the provider's customer is the app's customer `external_ref`."""

    NAME: ClassVar[str] = "billing.customer.link.v1"
    RESULT: ClassVar[type] = CustomerLinked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "linked_to_another": "the provider's customer is linked with another id of the app, and `move` is not true"
    }

    source: Literal["stripe", "paypal"]
    """The provider."""
    customer_ref: str
    """The provider's id of the customer, such as `cus_...`. It need not be known yet."""
    external_ref: str
    """The app's own id of the customer. One may have several customers at providers."""
    move: bool = False
    """Whether a link with another id of the app may be replaced."""

    def __post_init__(self) -> None:
        line(self.customer_ref, "customer_ref")
        line(self.external_ref, "external_ref")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The provider's customer."""
        yield "customer", self.source, self.customer_ref
