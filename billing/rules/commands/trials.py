"""Commands about trials (TRIAL-7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from billing.rules.commands.base import Command, line
from billing.rules.commands.subscribers import OWN
from billing.rules.commands.subscriptions import PRICED, CycleUnit, StartSubscription

MOST_REFERENCE = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialStands:
    """How the trial stands."""

    subscription: str
    """Bursar's public id of its subscription."""
    reference: str
    """The app's own reference."""
    status: str
    """`trialing`; of one that is over, what became of it."""
    product: str
    """The plan."""
    trial_started_at: str | None
    """ISO 8601."""
    trial_ends_at: str | None
    """ISO 8601."""
    method_stored: bool
    """Whether it can be charged at its end; else ask him for a payment method, or it expires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTrial(Command):
    """Begins a trial of a plan, as long as the plan says, once per subscriber. At its end, with a payment method stored, the
    subscription goes on and is charged; without one it expires, and the free plan takes its place. The same reference again is the
    same trial."""

    NAME: ClassVar[str] = "billing.trials.start.v1"
    RESULT: ClassVar[type] = TrialStands
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "reference_used": "the reference is another subscription's (`details.current`)",
        "unknown_subscriber": "nobody was defined under `subscriber_ref`",
        "subscriber_suspended": "the account is suspended",
        **PRICED,
        "already_subscribed": "he has this plan already (`details.current`)",
        "no_trial": "the plan has no trial",
        "trial_used": "he has had his trial (`details.current`)",
        "method_needed": "the plan's trial is refused without a stored payment method",
        "promo_not_reserved": "nothing is reserved for him under `promo_ref`, or no longer",
        "currency_differs": "what is reserved under `promo_ref` is in another currency",
        "amount_not_discounted": "what is reserved under `promo_ref` is for another amount (`details.limit`)",
    }

    reference: str
    """The app's own name for the subscription: 1 to 75 letters, digits and `. _ : / -`."""
    subscriber_ref: str
    """Who tries it."""
    product: str
    """The plan's key."""
    currency: str
    """ISO 4217: in what it is charged after its end."""
    cycle_unit: CycleUnit = "month"
    """A period after it is so many"""
    cycle_count: int = 1
    """of these; 1 to 120."""
    quantity: int = 1
    """Seats: 1 to 100000."""
    promo_ref: str | None = None
    """The reference under which a promo code was reserved for the first invoice; it is kept until that is paid or will not be."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        self.as_start()
        if len(self.reference) > MOST_REFERENCE:
            raise ValueError(f"reference must have at most {MOST_REFERENCE} characters")
        line(self.subscriber_ref, "subscriber_ref")

    def as_start(self) -> StartSubscription:
        """The subscription that it is a trial of.

        Raises:
            ValueError: a field is none.
        """
        return StartSubscription(
            reference=self.reference, subscriber_ref=self.subscriber_ref, product=self.product, currency=self.currency,
            cycle_unit=self.cycle_unit, cycle_count=self.cycle_count, quantity=self.quantity, promo_ref=self.promo_ref,
            reason=self.reason,
        )  # fmt: skip

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber, subscription, and what was reserved."""
        yield "subscriber", OWN, self.subscriber_ref
        yield "subscription", OWN, self.reference
        if self.promo_ref:
            yield "promo_redemption", OWN, self.promo_ref
