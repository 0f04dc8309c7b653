"""The command that brings a subscriber down to the free plan, and those about subscriptions that a provider bills (SUB-6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.subscribers import OWN

_MOST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Downgraded:
    """What ends."""

    subscriber_ref: str
    """The app's own id."""
    status: str
    """The account's status as it was when the command ran; that of the end follows in the entitlements."""
    ended: list[str]
    """References of subscriptions that have ended."""
    ending: list[str]
    """Those that end with their period, or once their provider has answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DowngradeSubscriber(Command):
    """Brings a subscriber down to the free plan: all his paid subscriptions end, ours here, a provider's there. Refused while he
    uses what only the paid plan has, which the app says."""

    NAME: ClassVar[str] = "billing.subscriptions.downgrade.v1"
    RESULT: ClassVar[type] = Downgraded
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_subscriber": "nobody was defined under `subscriber_ref`",
        "in_use": "paid features or active events are still there (`details.current`)",
        "not_cancellable_here": "one of them is billed by a provider that cannot end it so, or nobody knows when PayPal bills it again; "
        "ask for `now` (`details.current`)",
    }

    subscriber_ref: str
    """The app's own id of the customer."""
    when: Literal["now", "period_end"]
    """When they end."""
    paid_features: tuple[str, ...] = ()
    """Names of paid features that he still uses; any refuses it."""
    active_events: int = 0
    """How many events of his are active; any refuses it."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        line(self.subscriber_ref, "subscriber_ref")
        for one in self.paid_features:
            line(one, "paid_features")
        if not 0 <= self.active_events <= _MOST:
            raise ValueError(f"active_events must be 0 to {_MOST}")
        if self.reason is not None:
            line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The subscriber; his subscriptions are looked for under his lock."""
        yield "subscriber", OWN, self.subscriber_ref
