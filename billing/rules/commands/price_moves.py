"""The command by which somebody decides about one subscription of a migration (PRICE-4, PRICE-9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.payments import reference
from billing.rules.commands.subscribers import OWN


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveDecided:
    """How it stands."""

    migration: str
    """The migration's reference."""
    subscription: str
    """Which one."""
    status: str
    """`kept`, or `planned`: it is asked for again in the last day of a period whose end the notice is in time for."""
    because: str | None
    """Why it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideMove(Command):
    """Decides about a subscription that a migration has not moved: `keep` leaves it at its price, as far as that migration goes; `again`
    asks Stripe once more, after what it refused was mended. Nothing is changed at the provider by the decision itself."""

    NAME: ClassVar[str] = "billing.prices.decide_move.v1"
    RESULT: ClassVar[type] = MoveDecided
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_move": "the migration has not come to that subscription of that subscriber",
        "decided_already": "it is over, or was a shadow's (`details.current`: its status)",
        "asked_already": "the provider is being asked at this moment: its answer decides",
        "not_refused": "`again` is for what waits for a person; this one goes on by itself (`details.current`: its status)",
        "not_linked": "the version has no name at Stripe: `prices.link` first, and it goes on by itself",
        "subscription_ended": "there is nothing left to ask for",
    }

    migration: str
    """The migration's reference."""
    source: Literal["bursar", "stripe", "paypal"]
    """Who bills the subscription."""
    subscription: str
    """Its reference there."""
    subscriber_ref: str
    """Whose it is."""
    decision: Literal["keep", "again"]
    """What is decided."""
    reason: str
    """Why, for the audit."""

    def __post_init__(self) -> None:
        reference(self.migration)
        line(self.subscription, "subscription")
        line(self.subscriber_ref, "subscriber_ref")
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber, subscription and move."""
        yield "subscriber", OWN, self.subscriber_ref
        yield "subscription", self.source, self.subscription
        yield "price_move", OWN, f"{self.migration}:{self.source}:{self.subscription}"
