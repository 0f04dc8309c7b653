"""Commands that say who may buy and what there is to buy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineSubscriber(Command):
    """Says who a customer of the app is and how he pays. Said again, it is set anew as a whole; what is billed already
    stays.

    Result: `subscriber`, `subscriber_ref`, `status`.
    Rejected as `customer_taken`, `linked_to_another`, `erased`.
    """

    NAME: ClassVar[str] = "billing.subscribers.define.v1"
    QUEUE: ClassVar[str] = "payments"

    subscriber_ref: str
    """The app's own id of the customer: 1 to 255 characters in one line."""
    email: str | None = None
    """Where mails go to; null: none are sent."""
    full_name: str | None = None
    """How he is addressed."""
    country: str | None = None
    """ISO 3166-1, two letters."""
    language: str | None = None
    """Of his mails, such as `de`."""
    zone: str = "UTC"
    """IANA name: whose days and months his periods are counted in."""
    segment: str | None = None
    """A group of the app's own, for promo codes and prices."""
    pay_source: Literal["stripe", "paypal", "manual"] | None = None
    """Through which provider his invoices are charged; `manual` or null: he pays each invoice himself."""
    pay_customer_ref: str | None = None
    """The provider's id of his customer there; needed to charge him."""
    payment_method_ref: str | None = None
    """The stored method that is charged; null: the customer's default."""
    dunning_policy_ref: str | None = None
    """Which policy holds when a payment fails; null: the plan's, or the default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineProduct(Command):
    """Defines a plan or a package of credits, or sets it anew as a whole. What it costs is published by
    `prices.publish`.

    Result: `product`, `reference`, `status`.
    Rejected as `kind_differs`, `free_plan_exists`.
    """

    NAME: ClassVar[str] = "billing.products.define.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The app's own key, such as `pro`: 1 to 80 letters, digits and `. _ -`."""
    kind: Literal["plan", "credit_package"]
    """What it is."""
    title: str
    """For people; invoices show it."""
    free: bool = False
    """Of one plan at most: it costs nothing, and lapsed trials fall to it."""
    limits: dict[str, int | None] | None = None
    """Of a plan: what the entitlement snapshot publishes; null is no limit."""
    credits: int = 0
    """Of a plan: the credits of each period. Of a package: what it grants."""
    credit_validity_months: int | None = None
    """How long a package's credits are good; null: for ever."""
    trial_days: int | None = None
    """How long a trial of this plan is; null: it has none."""
    trial_needs_method: bool = False
    """Whether a trial is refused to whoever has stored no payment method."""
    trial_grace_days: int = 0
    """How long access goes on after a trial that was not paid for."""
    trial_notice_days: int = 3
    """How many days before its end a trial's notice is sent."""
    dunning_policy_ref: str | None = None
    """Which policy holds when a payment of this plan fails; null: the default."""
    seat_proration: Literal["accrue", "charge"] = "accrue"
    """Whether more seats are charged at once, or with the next invoice."""
    supply: Literal["service", "goods"] = "service"
    """What tax takes it for: a service that is sold from afar, or goods that are sent."""
    tax_kind: Literal["standard", "reduced", "second_reduced", "super_reduced", "parking", "zero"] = "standard"
    """Which of a place's rates of VAT it has. Where a place has no rate of that kind, nothing without tax is billed and
    no paper is issued: say in `tax_kinds` what holds there."""
    tax_kinds: dict[str, str] | None = None
    """Where that differs: country (`DK`) or region (`PT-20`) -> kind."""
    provider_refs: tuple[str, ...] = ()
    """Providers' products and prices that mean this one."""
    retired: bool = False
    """Not offered any more: nobody can begin it, whoever has it keeps it."""
    reason: str | None = None
    """Why, for the audit."""


TYPED: tuple[type[Command], ...] = (DefineSubscriber, DefineProduct)
