"""Commands about providers' objects of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshAsked:
    """The provider is asked; what it answers enters the inbox as an event of type `<kind>.fetched`."""

    source: str
    """The provider."""
    kind: str
    """The kind of the object."""
    object_ref: str
    """The provider's id of the object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshObject(Command):
    """Asks the provider for an object again, and mirrors what it says now: for when the app doubts what it sees."""

    NAME: ClassVar[str] = "billing.object.refresh.v1"
    RESULT: ClassVar[type] = RefreshAsked
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "kind_not_mirrored": "Bursar looks up no object of that kind at that provider; `details.limit` lists those that it does"
    }

    source: Literal["stripe", "paypal"]
    """The provider."""
    kind: str
    """The provider's word for the kind of object: `customer`, `invoice`, `subscription`, `capture`, ..."""
    object_ref: str
    """The provider's id of the object."""
    account: str | None = None
    """Stripe only: the connected account that the object belongs to."""

    def __post_init__(self) -> None:
        line(self.kind, "kind")
        line(self.object_ref, "object_ref")
        if self.account is not None:
            line(self.account, "account")
