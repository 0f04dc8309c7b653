"""The command by which an operator lets a parked subscription be billed again (SUB-14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from billing.rules.commands.base import Command, line
from billing.rules.commands.payments import reference
from billing.rules.commands.subscribers import OWN
from billing.rules.commands.subscriptions import UNKNOWN, SubscriptionStands


@dataclass(frozen=True, slots=True, kw_only=True)
class UnparkSubscription(Command):
    """An operator has looked at a subscription that was parked because absurdly many periods of it were due at once: it is billed
    again from the period that runs now on, and those that were missed are not billed."""

    NAME: ClassVar[str] = "billing.subscriptions.unpark.v1"
    RESULT: ClassVar[type] = SubscriptionStands
    REFUSALS: ClassVar[Mapping[str, str]] = UNKNOWN

    reference: str
    """The subscription's reference."""
    subscriber_ref: str
    """Whose it is."""
    reason: str
    """Why, for the audit."""

    def __post_init__(self) -> None:
        reference(self.reference)
        line(self.subscriber_ref, "subscriber_ref")
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber and subscription."""
        yield "subscriber", OWN, self.subscriber_ref
        yield "subscription", OWN, self.reference
