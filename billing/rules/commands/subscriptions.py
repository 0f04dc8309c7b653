"""Commands about subscriptions that we bill ourselves: begin, change, end (SUB-5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.campaigns import campaign_name
from billing.rules.commands.payments import reference
from billing.rules.commands.subscribers import OWN
from billing.rules.money import AmountError, exponent

MOST_SEATS = 100_000
MOST_COUNT = 120
CycleUnit = Literal["day", "week", "month", "year"]

UNKNOWN = {"unknown_subscription": "this subscriber has no subscription of this reference that we bill (`details.current`: who does)"}
PRICED = {
    "unknown_product": "no plan is called so",
    "not_offered": "the plan is retired",
    "no_price": "the plan has no price of this cycle and currency in force",
    "amount_out_of_bounds": "price times quantity is more than 100000000 (`details.limit`)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionStands:
    """How the subscription stands."""

    subscription: str
    """Bursar's public id of it."""
    reference: str
    """The app's own reference."""
    status: str
    """`pending`, `trialing`, `active`, `past_due`, `unpaid`, `paused`, `pending_renewal`, `cancelled` or `expired`."""
    product: str
    """The plan."""
    quantity: int
    """Seats."""
    current_period_start: str | None
    """ISO 8601."""
    current_period_end: str | None
    """ISO 8601."""
    next_billing_at: str | None
    """When the next period is billed; null: never by itself."""
    cancel_at_period_end: bool
    """Whether it ends with the period."""
    invoice: str | None
    """The reference of its newest invoice: what a payment with the purpose `invoice` names."""
    invoice_status: str | None
    """How that one stands."""
    amount_due_minor: int | None
    """What of it is still to be paid, in minor units of its currency."""


def seats(value: int | None, name: str = "quantity") -> None:
    """Raises ValueError for what is no number of seats."""
    if value is not None and not 1 <= value <= MOST_SEATS:
        raise ValueError(f"{name} must be 1 to {MOST_SEATS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StartSubscription(Command):
    """Begins a subscription that Bursar bills: its first invoice is charged at once from the stored method, or waits for its
    payment (`collection` manual). It is `pending` until that is paid, for seven days at most; what costs nothing is active at once.
    The same reference again is the same subscription."""

    NAME: ClassVar[str] = "billing.subscriptions.start.v1"
    RESULT: ClassVar[type] = SubscriptionStands
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "reference_used": "the reference is another subscription's (`details.current`)",
        "unknown_subscriber": "nobody was defined under `subscriber_ref`",
        "subscriber_suspended": "the account is suspended",
        **PRICED,
        "already_subscribed": "he has this plan already; change or end that one (`details.current`)",
        "promo_not_reserved": "nothing is reserved for him under `promo_ref`, or no longer",
        "currency_differs": "what is reserved under `promo_ref` is in another currency",
        "amount_not_discounted": "what is reserved under `promo_ref` is for another amount (`details.limit`)",
    }

    reference: str
    """The app's own name for it: 1 to 80 letters, digits and `. _ : / -`."""
    subscriber_ref: str
    """Who subscribes."""
    product: str
    """The plan's key."""
    currency: str
    """ISO 4217."""
    cycle_unit: CycleUnit = "month"
    """A period is so many"""
    cycle_count: int = 1
    """of these; 1 to 120."""
    quantity: int = 1
    """Seats: 1 to 100000."""
    collection: Literal["automatic", "manual"] = "automatic"
    """`automatic`: the stored method is charged; `manual`: he pays each invoice by bank transfer or checkout."""
    anchor_day: int | None = None
    """Of months and years: the day of the month on which periods begin, 1 to 31; the first one is shorter, and so is its price.
    Null: the day of the start."""
    promo_ref: str | None = None
    """The reference under which a promo code was reserved for the first invoice."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        reference(self.reference)
        line(self.subscriber_ref, "subscriber_ref")
        campaign_name(self.product, "product")
        try:
            exponent(self.currency)
        except AmountError:
            raise ValueError("currency must be three upper-case letters, such as EUR") from None
        if not 1 <= self.cycle_count <= MOST_COUNT:
            raise ValueError(f"cycle_count must be 1 to {MOST_COUNT}")
        seats(self.quantity)
        if self.anchor_day is not None and not (1 <= self.anchor_day <= 31 and self.cycle_unit in ("month", "year")):
            raise ValueError("anchor_day must be 1 to 31, of months and years")
        if self.promo_ref is not None:
            reference(self.promo_ref, "promo_ref")
        if self.reason is not None:
            line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber, subscription, and what was reserved."""
        yield "subscriber", OWN, self.subscriber_ref
        yield "subscription", OWN, self.reference
        if self.promo_ref:
            yield "promo_redemption", OWN, self.promo_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSubscription(Command):
    """Changes plan, seats or cycle. Now: the difference for the rest of the period is billed, or becomes a credit that the next
    invoices take; another cycle begins at once, less what was not used. At the period's end: from the next period on; the newest
    wish counts, and the terms as they are take it back."""

    NAME: ClassVar[str] = "billing.subscriptions.change.v1"
    RESULT: ClassVar[type] = SubscriptionStands
    REFUSALS: ClassVar[Mapping[str, str]] = {
        **UNKNOWN,
        "not_active": "only an active one can be changed (`details.current`)",
        "ending": "it ends with its period; reactivate it first",
        "subscriber_suspended": "the account is suspended: nothing is changed now, only at the period's end",
        **PRICED,
        "seats_taken": "the organisation buys its seats, and more of them are taken or kept (`details.current`) than that "
        "(`details.limit`)",
        "invoice_open": "an invoice of it is to be paid first (`details.current`)",
        "too_many_changes": "it was billed 15 times within a day (`details.limit`)",
        "taxed_otherwise": "what is paid is taxed otherwise than the plan that is wanted: change it at the period's end",
    }

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
    cycle_unit: CycleUnit | None = None
    """A period is so many; null: the same"""
    cycle_count: int | None = None
    """of these, 1 to 120; null: the same."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        _whose(self.reference, self.subscriber_ref, self.reason)
        if self.product is not None:
            campaign_name(self.product, "product")
        seats(self.quantity)
        if self.cycle_count is not None and not 1 <= self.cycle_count <= MOST_COUNT:
            raise ValueError(f"cycle_count must be 1 to {MOST_COUNT}")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber and subscription."""
        yield from _rows(self.reference, self.subscriber_ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSubscription(Command):
    """Ends a subscription, now or with its period. Ended now, its open invoices become void. What has ended stays so."""

    NAME: ClassVar[str] = "billing.subscriptions.cancel.v1"
    RESULT: ClassVar[type] = SubscriptionStands
    REFUSALS: ClassVar[Mapping[str, str]] = UNKNOWN

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

    def __post_init__(self) -> None:
        _whose(self.reference, self.subscriber_ref, self.reason)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber and subscription."""
        yield from _rows(self.reference, self.subscriber_ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactivateSubscription(Command):
    """Takes back that a subscription ends with its period, whoever bills it. At PayPal that is possible until the day before its end."""

    NAME: ClassVar[str] = "billing.subscriptions.reactivate.v1"
    RESULT: ClassVar[type] = SubscriptionStands
    REFUSALS: ClassVar[Mapping[str, str]] = {**UNKNOWN, "ended": "it has ended; begin another one (`details.current`)"}

    reference: str
    """The subscription's reference; of a provider's its id."""
    subscriber_ref: str
    """Whose it is."""
    source: Literal["bursar", "stripe", "paypal"] = "bursar"
    """Who bills it."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        _whose(self.reference, self.subscriber_ref, self.reason)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber and subscription."""
        yield from _rows(self.reference, self.subscriber_ref, self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseSubscription(Command):
    """Pauses an active subscription: nothing is billed until it is resumed."""

    NAME: ClassVar[str] = "billing.subscriptions.pause.v1"
    RESULT: ClassVar[type] = SubscriptionStands
    REFUSALS: ClassVar[Mapping[str, str]] = {**UNKNOWN, "not_active": "only an active one can be paused (`details.current`)"}

    reference: str
    """The subscription's reference."""
    subscriber_ref: str
    """Whose it is."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        _whose(self.reference, self.subscriber_ref, self.reason)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber and subscription."""
        yield from _rows(self.reference, self.subscriber_ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeSubscription(Command):
    """Resumes a paused subscription: the period that was paid goes on; if it is over, another one begins now and is billed."""

    NAME: ClassVar[str] = "billing.subscriptions.resume.v1"
    RESULT: ClassVar[type] = SubscriptionStands
    REFUSALS: ClassVar[Mapping[str, str]] = {
        **UNKNOWN,
        "not_paused": "it is not paused (`details.current`)",
        "subscriber_suspended": "another period would begin, and the account is suspended",
        "too_many_changes": "another period would begin, and it was billed 15 times within a day (`details.limit`)",
    }

    reference: str
    """The subscription's reference."""
    subscriber_ref: str
    """Whose it is."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        _whose(self.reference, self.subscriber_ref, self.reason)

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber and subscription."""
        yield from _rows(self.reference, self.subscriber_ref)


def _whose(name: str, subscriber_ref: str, reason: str | None) -> None:
    reference(name)
    line(subscriber_ref, "subscriber_ref")
    if reason is not None:
        line(reason, "reason")


def _rows(name: str, subscriber_ref: str, source: str = OWN) -> Iterator[tuple[str, str, str]]:
    yield "subscriber", OWN, subscriber_ref
    yield "subscription", source, name
