"""Commands that make customers at a provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAsked:
    """How it stands; `bursar_api.outcome(key)` tells the provider's id as soon as it is made."""

    request: str
    """Bursar's public id of the request."""
    status: str
    """`pending`, then `created` or `failed`."""
    customer_ref: str | None
    """The provider's id of the customer; null while the provider is being asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCustomer(Command):
    """Makes a customer at the provider for the app's customer `external_ref` and links the two. One per provider: asked again,
    it tells the one that there is, or tries again if the provider had refused."""

    NAME: ClassVar[str] = "billing.customers.create.v1"
    RESULT: ClassVar[type] = CustomerAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {}

    source: Literal["stripe"]
    """The provider."""
    external_ref: str
    """The app's own id of the customer."""
    email: str | None = None
    """Where the provider and Bursar write to."""
    full_name: str | None = None
    """His name, as it stands on invoices."""

    def __post_init__(self) -> None:
        line(self.external_ref, "external_ref")
        for name in ("email", "full_name"):
            if getattr(self, name) is not None:
                line(getattr(self, name), name)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The request."""
        yield "customer_request", self.source, self.external_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureStands:
    """How it stands; `bursar_api.erasure(subscriber_ref)` tells how it goes on."""

    erasure: str
    """Bursar's public id of it."""
    subscriber_ref: str
    """The app's own id."""
    status: str
    """`running`, `waiting` or `done`."""
    provider_customers: list[str]
    """His customers at providers, as `<source> <customer>`: what they keep is asked of them there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseCustomer(Command):
    """Forgets a customer and keeps what the books need: names, addresses and what was told of him go, amounts, ids and legal papers
    stay. Nobody can undo it. While money is open it is refused."""

    NAME: ClassVar[str] = "billing.customers.erase.v1"
    RESULT: ClassVar[type] = ErasureStands
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_subscriber": "nobody was defined under `subscriber_ref`",
        "money_open": "invoices, subscriptions, payments, refunds, disputes or credit are open (`details.open`, `details.current`)",
        "organisation_active": "it is an organisation that was not deleted",
    }

    subscriber_ref: str
    """The app's own id of the customer."""
    reason: str
    """Why, for the audit: a ticket's number, never words about the person."""

    def __post_init__(self) -> None:
        line(self.subscriber_ref, "subscriber_ref")
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The subscriber, whose lock keeps money from opening meanwhile, and the erasure."""
        yield "subscriber", "bursar", self.subscriber_ref
        yield "erasure", "bursar", self.subscriber_ref
