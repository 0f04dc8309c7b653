"""Commands about what products cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bursar_client.command import Command

PriceUnit = Literal["day", "week", "month", "year", "once"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPrice(Command):
    """Publishes the next version of a price. It is never changed afterwards. Subscribers who are there keep theirs
    until the first period from `effective_for_existing_at` on; one who is to pay more only once he was told,
    `notice_days` before.

    Result: `price`, `version`, `effective_for_new_at`, `effective_for_existing_at`.
    Rejected as `unknown_product`, `version_taken`, `in_the_past`, `before_the_last`, `notice_too_short`.
    """

    NAME: ClassVar[str] = "billing.prices.publish.v1"
    QUEUE: ClassVar[str] = "payments"

    product: str
    """The product's key."""
    currency: str
    """ISO 4217."""
    unit_amount_minor: int
    """Per seat and cycle, in minor units: 0 to 100000000."""
    reason: str
    """Why, for the audit."""
    cycle_unit: PriceUnit = "month"
    """A period is so many; `once` for packages"""
    cycle_count: int = 1
    """of these; 1 to 120."""
    effective_for_new_at: str | None = None
    """From when on it is for whoever subscribes, ISO 8601 with a zone; null: now."""
    effective_for_existing_at: str | None = None
    """From when on it is for whoever is subscribed; null: never."""
    notice_days: int = 30
    """How many days before one pays more one is told; 0 to 365."""
    version: int | None = None
    """Which version it is to be; null: the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrandfatherPrice(Command):
    """Lets a subscriber keep a version, whatever is published; said again, it is set anew. Before it ends he is
    told, 30 days ahead.

    Result: `assignment`, `status`, `unit_amount_minor`, `expires_at`, `ends_at`.
    Rejected as `unknown_subscriber`, `unknown_price`.
    """

    NAME: ClassVar[str] = "billing.prices.grandfather.v1"
    QUEUE: ClassVar[str] = "payments"

    subscriber_ref: str
    """Whose price it is."""
    price: str
    """The version that stays his, such as `pro:1month:EUR:v1`."""
    reason: str
    """Why, for the audit."""
    expires_at: str | None = None
    """When it ends, ISO 8601 with a zone; null: never. In the past: as soon as he may be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverridePrice(Command):
    """Agrees a price with one subscriber, from his next period on; said again, it is set anew. It goes before a
    kept price and before all versions. Before it ends he is told, 30 days ahead.

    Result: `assignment`, `status`, `unit_amount_minor`, `expires_at`, `ends_at`.
    Rejected as `unknown_subscriber`, `unknown_product`.
    """

    NAME: ClassVar[str] = "billing.prices.override.v1"
    QUEUE: ClassVar[str] = "payments"

    subscriber_ref: str
    """Whose price it is."""
    product: str
    """The product's key."""
    currency: str
    """ISO 4217."""
    unit_amount_minor: int
    """Per seat and cycle, in minor units: 0 to 100000000."""
    reason: str
    """Why, for the audit."""
    cycle_unit: PriceUnit = "month"
    """A period is so many"""
    cycle_count: int = 1
    """of these; 1 to 120."""
    expires_at: str | None = None
    """When it ends, ISO 8601 with a zone; null: never. In the past: as soon as he may be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigratePrice(Command):
    """Moves the subscribers of a version to a later one of the same price, page by page. `dry_run` counts, and
    writes nothing; `shadow` writes what would come of each, and changes nothing; `apply` does it: one who is to pay
    more is told first, and pays from the first period for which he was told in time. What a provider bills is not
    changed behind the payer's back.

    Result: `reference`, `status`, `currencies`, `subscriptions`, `provider_billed`, `now_minor`, `then_minor`.
    Rejected as `unknown_price`, `not_a_later_version`, `reference_used`, `shadow_first`.
    """

    NAME: ClassVar[str] = "billing.prices.migrate.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The app's own name for it: 1 to 80 letters, digits and `. _ : / -`."""
    from_price: str
    """Whose subscribers, such as `pro:1month:EUR:v1`."""
    to_price: str
    """To which version."""
    mode: Literal["dry_run", "shadow", "apply"]
    """What is done."""
    reason: str
    """Why, for the audit."""
    rate_per_minute: int = 1_000
    """At most so many subscriptions a minute; 1 to 100000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopMigration(Command):
    """Stops a migration after the page in hand. What was done stays.

    Result: `reference`, `status`, `currencies`, `subscriptions`, `provider_billed`, `now_minor`, `then_minor`.
    Rejected as `unknown_migration`.
    """

    NAME: ClassVar[str] = "billing.prices.stop_migration.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The migration's reference."""
    reason: str
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeMigration(Command):
    """Lets a stopped migration go on where it was.

    Result: `reference`, `status`, `currencies`, `subscriptions`, `provider_billed`, `now_minor`, `then_minor`.
    Rejected as `unknown_migration`.
    """

    NAME: ClassVar[str] = "billing.prices.resume_migration.v1"
    QUEUE: ClassVar[str] = "payments"

    reference: str
    """The migration's reference."""
    reason: str
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPrice(Command):
    """Says what a version is called at a provider, so that subscriptions that are billed there can be moved to it;
    said again, it is set anew. The product's `provider_refs` get the name, too. It must exist there, with that amount,
    currency and cycle.

    Result: `price`, `source`, `provider_ref`.
    Rejected as `unknown_price`, `linked_already`.
    """

    NAME: ClassVar[str] = "billing.prices.link.v1"
    QUEUE: ClassVar[str] = "payments"

    price: str
    """The version, such as `pro:1month:EUR:v2`."""
    source: Literal["stripe", "paypal"]
    """The provider."""
    provider_ref: str
    """Stripe's price (`price_...`), PayPal's plan (`P-...`)."""
    reason: str
    """Why, for the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideMove(Command):
    """Decides about a subscription that a migration has not moved: `keep` leaves it at its price, as far as that
    migration goes; `again` asks Stripe once more, after what it refused was mended. Nothing is changed at the provider
    by the decision itself.

    Result: `migration`, `subscription`, `status`, `because`.
    Rejected as `unknown_move`, `decided_already`, `asked_already`, `not_refused`, `not_linked`, `subscription_ended`.
    """

    NAME: ClassVar[str] = "billing.prices.decide_move.v1"
    QUEUE: ClassVar[str] = "payments"

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


TYPED: tuple[type[Command], ...] = (
    PublishPrice,
    GrandfatherPrice,
    OverridePrice,
    MigratePrice,
    StopMigration,
    ResumeMigration,
    LinkPrice,
    DecideMove,
)
"""All of these."""
