"""Commands about the subscriptions that Bursar bills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class StartSubscription(Command):
    """Begins a subscription that Bursar bills: its first invoice is charged at once from the stored method, or waits
    for its payment (`collection` manual). It is `pending` until that is paid, for seven days at most; what costs
    nothing is active at once. The same reference again is the same subscription.

    Result: `subscription`, `reference`, `status`, `product`, `quantity`, `current_period_start`,
    `current_period_end`, `next_billing_at`, `cancel_at_period_end`, `invoice`, `invoice_status`, `amount_due_minor`.
    Rejected as `reference_used`, `unknown_subscriber`, `subscriber_suspended`, `unknown_product`, `not_offered`,
    `no_price`, `amount_out_of_bounds`, `already_subscribed`, `promo_not_reserved`, `currency_differs`,
    `amount_not_discounted`.
    """

    NAME: ClassVar[str] = "billing.subscriptions.start.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The app's own name for it: 1 to 80 letters, digits and `. _ : / -`."""
    subscriber_ref: str
    """Who subscribes."""
    product: str
    """The plan's key."""
    currency: str
    """ISO 4217."""
    cycle_unit: Literal["day", "week", "month", "year"] = "month"
    """A period is so many"""
    cycle_count: int = 1
    """of these; 1 to 120."""
    quantity: int = 1
    """Seats: 1 to 100000."""
    collection: Literal["automatic", "manual"] = "automatic"
    """`automatic`: the stored method is charged; `manual`: he pays each invoice by bank transfer or checkout."""
    anchor_day: int | None = None
    """Of months and years: the day of the month on which periods begin, 1 to 31; the first one is shorter, and so is
    its price. Null: the day of the start."""
    promo_ref: str | None = None
    """The reference under which a promo code was reserved for the first invoice."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSubscription(Command):
    """Changes plan, seats or cycle. Now: the difference for the rest of the period is billed, or becomes a credit that
    the next invoices take; another cycle begins at once, less what was not used. At the period's end: from the next
    period on; the newest wish counts, and the terms as they are take it back.

    Result: `subscription`, `reference`, `status`, `product`, `quantity`, `current_period_start`,
    `current_period_end`, `next_billing_at`, `cancel_at_period_end`, `invoice`, `invoice_status`, `amount_due_minor`.
    Rejected as `unknown_subscription`, `not_active`, `ending`, `subscriber_suspended`, `unknown_product`, `not_offered`,
    `no_price`, `amount_out_of_bounds`, `seats_taken`, `invoice_open`, `too_many_changes`, `taxed_otherwise`.
    """

    NAME: ClassVar[str] = "billing.subscriptions.change.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The subscription's reference."""
    subscriber_ref: str
    """Whose it is."""
    when: Literal["now", "period_end"]
    """When it changes."""
    product: str | None = None
    """The plan; null: the same."""
    quantity: int | None = None
    """Seats, 1 to 100000; null: the same."""
    cycle_unit: Literal["day", "week", "month", "year"] | None = None
    """A period is so many; null: the same"""
    cycle_count: int | None = None
    """of these, 1 to 120; null: the same."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSubscription(Command):
    """Ends a subscription, now or with its period. Ended now, its open invoices become void. What has ended stays so.

    Result: `subscription`, `reference`, `status`, `product`, `quantity`, `current_period_start`,
    `current_period_end`, `next_billing_at`, `cancel_at_period_end`, `invoice`, `invoice_status`, `amount_due_minor`.
    Rejected as `unknown_subscription`.
    """

    NAME: ClassVar[str] = "billing.subscriptions.cancel.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The subscription's reference."""
    subscriber_ref: str
    """Whose it is."""
    when: Literal["now", "period_end"]
    """When it ends. One whose period is not paid, or that is paused, ends now."""
    credit_unused: bool = False
    """Of `now`: whether what was paid and not used becomes a credit for his other invoices."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactivateSubscription(Command):
    """Takes back that a subscription ends with its period, whoever bills it. At PayPal that is possible until the day
    before its end.

    Result: `subscription`, `reference`, `status`, `product`, `quantity`, `current_period_start`,
    `current_period_end`, `next_billing_at`, `cancel_at_period_end`, `invoice`, `invoice_status`, `amount_due_minor`.
    Rejected as `unknown_subscription`, `ended`.
    """

    NAME: ClassVar[str] = "billing.subscriptions.reactivate.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The subscription's reference; of a provider's its id."""
    subscriber_ref: str
    """Whose it is."""
    source: Literal["bursar", "stripe", "paypal"] = "bursar"
    """Who bills it."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseSubscription(Command):
    """Pauses an active subscription: nothing is billed until it is resumed.

    Result: `subscription`, `reference`, `status`, `product`, `quantity`, `current_period_start`,
    `current_period_end`, `next_billing_at`, `cancel_at_period_end`, `invoice`, `invoice_status`, `amount_due_minor`.
    Rejected as `unknown_subscription`, `not_active`.
    """

    NAME: ClassVar[str] = "billing.subscriptions.pause.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The subscription's reference."""
    subscriber_ref: str
    """Whose it is."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeSubscription(Command):
    """Resumes a paused subscription: the period that was paid goes on; if it is over, another one begins now and is
    billed.

    Result: `subscription`, `reference`, `status`, `product`, `quantity`, `current_period_start`,
    `current_period_end`, `next_billing_at`, `cancel_at_period_end`, `invoice`, `invoice_status`, `amount_due_minor`.
    Rejected as `unknown_subscription`, `not_paused`, `subscriber_suspended`, `too_many_changes`.
    """

    NAME: ClassVar[str] = "billing.subscriptions.resume.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The subscription's reference."""
    subscriber_ref: str
    """Whose it is."""
    reason: str | None = None
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DowngradeSubscriber(Command):
    """Brings a subscriber down to the free plan: all his paid subscriptions end, ours here, a provider's there. Refused
    while he uses what only the paid plan has, which the app says.

    Result: `subscriber_ref`, `status`, `ended`, `ending`.
    Rejected as `unknown_subscriber`, `in_use`, `not_cancellable_here`.
    """

    NAME: ClassVar[str] = "billing.subscriptions.downgrade.v1"
    QUEUE: ClassVar[str] = "payments"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class UnparkSubscription(Command):
    """An operator has looked at a subscription that was parked because absurdly many periods of it were due at once: it
    is billed again from the period that runs now on, and those that were missed are not billed.

    Result: `subscription`, `reference`, `status`, `product`, `quantity`, `current_period_start`,
    `current_period_end`, `next_billing_at`, `cancel_at_period_end`, `invoice`, `invoice_status`, `amount_due_minor`.
    Rejected as `unknown_subscription`.
    """

    NAME: ClassVar[str] = "billing.subscriptions.unpark.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The subscription's reference."""
    subscriber_ref: str
    """Whose it is."""
    reason: str
    """Why, for the audit."""


TYPED: tuple[type[Command], ...] = (
    StartSubscription,
    ChangeSubscription,
    CancelSubscription,
    ReactivateSubscription,
    PauseSubscription,
    ResumeSubscription,
    DowngradeSubscriber,
    UnparkSubscription,
)
"""All of these."""
