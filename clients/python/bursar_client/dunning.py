"""Commands about failed payments and trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineDunningPolicy(Command):
    """Defines what is done when a payment fails, or sets it anew as a whole. Cases that are open keep the days with
    which they were opened. `standard` holds where neither subscriber nor plan names a policy, `manual` for whoever pays
    by himself; both are built in, and one that is defined under their key takes their place.

    Result: `policy`, `reference`.
    Rejected as `unknown_templates`.
    """

    NAME: ClassVar[str] = "billing.dunning_policies.define.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """Its key: 1 to 80 letters, digits and `. _ -`."""
    retry_intervals_days: tuple[int, ...] = (1, 3, 7, 14, 30)
    """When it is tried again: rising days, each counted from the original failure. At most 15, of 1 to 365."""
    charges: bool = True
    """Whether the stored method is tried at these days; false: they are reminders only."""
    suspend_after_days: int | None = None
    """When service is suspended; null: never."""
    terminate_after_days: int | None = None
    """When the subscription ends and the invoice is given up; null: never. Not before the last try."""
    mails: bool = True
    """Whether its stages send mails."""
    template_prefix: str = "dunning"
    """Which mails: those called `<prefix>_failed`, `_reminder`, `_suspended` and `_terminated`."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTrial(Command):
    """Begins a trial of a plan, as long as the plan says, once per subscriber. At its end, with a payment method stored,
    the subscription goes on and is charged; without one it expires, and the free plan takes its place. The same
    reference again is the same trial.

    Result: `subscription`, `reference`, `status`, `product`, `trial_started_at`, `trial_ends_at`, `method_stored`.
    Rejected as `reference_used`, `unknown_subscriber`, `subscriber_suspended`, `unknown_product`, `not_offered`,
    `no_price`, `amount_out_of_bounds`, `already_subscribed`, `no_trial`, `trial_used`, `method_needed`,
    `promo_not_reserved`, `currency_differs`, `amount_not_discounted`.
    """

    NAME: ClassVar[str] = "billing.trials.start.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The app's own name for the subscription: 1 to 75 letters, digits and `. _ : / -`."""
    subscriber_ref: str
    """Who tries it."""
    product: str
    """The plan's key."""
    currency: str
    """ISO 4217: in what it is charged after its end."""
    cycle_unit: Literal["day", "week", "month", "year"] = "month"
    """A period after it is so many"""
    cycle_count: int = 1
    """of these; 1 to 120."""
    quantity: int = 1
    """Seats: 1 to 100000."""
    promo_ref: str | None = None
    """The reference under which a promo code was reserved for the first invoice; it is kept until that is paid or will not be."""
    reason: str | None = None
    """Why, for the audit."""


TYPED: tuple[type[Command], ...] = (
    DefineDunningPolicy,
    StartTrial,
)
"""All of these."""
