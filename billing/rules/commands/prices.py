"""Commands about what products cost: versions, who keeps what, and moves in batches (PRICE-1 to PRICE-9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.payments import reference
from billing.rules.commands.price_words import instant, price_of, version_name
from billing.rules.commands.subscribers import OWN

MOST_NOTICE_DAYS, MOST_RATE = 365, 100_000
PriceUnit = Literal["day", "week", "month", "year", "once"]
UNKNOWN_PRICE = {"unknown_price": "no such version was published (`details.field`)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePublished:
    """The version."""

    price: str
    """Its name: `<product>:<count><unit>:<currency>:v<version>`."""
    version: int
    """1 the first."""
    effective_for_new_at: str
    """ISO 8601."""
    effective_for_existing_at: str | None
    """ISO 8601; null: whoever has the product keeps his price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPrice(Command):
    """Publishes the next version of a price. It is never changed afterwards. Subscribers who are there keep theirs until the first
    period from `effective_for_existing_at` on; one who is to pay more only once he was told, `notice_days` before."""

    NAME: ClassVar[str] = "billing.prices.publish.v1"
    RESULT: ClassVar[type] = PricePublished
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_product": "nothing is called so",
        "version_taken": "`version` is published with other terms, or not the next one (`details.limit`)",
        "in_the_past": "a version cannot begin before it is published (`details.limit`)",
        "before_the_last": "it would begin before the version before it (`details.limit`)",
        "notice_too_short": "fewer days than `notice_days` are left to tell those who would pay more (`details.limit`)",
    }

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

    def __post_init__(self) -> None:
        price_of(self.product, self.cycle_count, self.currency, self.unit_amount_minor)
        line(self.reason, "reason")
        if self.cycle_unit == "once" and self.cycle_count != 1:
            raise ValueError("cycle_count of once must be 1")
        instant(self.effective_for_new_at, "effective_for_new_at")
        instant(self.effective_for_existing_at, "effective_for_existing_at")
        if not 0 <= self.notice_days <= MOST_NOTICE_DAYS:
            raise ValueError(f"notice_days must be 0 to {MOST_NOTICE_DAYS}")
        if self.version is not None and self.version < 1:
            raise ValueError("version must be 1 or more")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The product: its lock makes the versions one after the other."""
        yield "product", OWN, self.product


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAssigned:
    """How it stands."""

    assignment: str
    """Bursar's public id of it."""
    status: str
    """`active` or `expired`."""
    unit_amount_minor: int
    """What he pays per seat and cycle."""
    expires_at: str | None
    """When it is to end, ISO 8601; null: never."""
    ends_at: str | None
    """When it ends as things stand: 30 days after he was told, at the earliest; null: not known yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrandfatherPrice(Command):
    """Lets a subscriber keep a version, whatever is published; said again, it is set anew. Before it ends he is told, 30 days ahead."""

    NAME: ClassVar[str] = "billing.prices.grandfather.v1"
    RESULT: ClassVar[type] = PriceAssigned
    REFUSALS: ClassVar[Mapping[str, str]] = {"unknown_subscriber": "nobody was defined under `subscriber_ref`", **UNKNOWN_PRICE}

    subscriber_ref: str
    """Whose price it is."""
    price: str
    """The version that stays his, such as `pro:1month:EUR:v1`."""
    reason: str
    """Why, for the audit."""
    expires_at: str | None = None
    """When it ends, ISO 8601 with a zone; null: never. In the past: as soon as he may be told."""

    def __post_init__(self) -> None:
        line(self.subscriber_ref, "subscriber_ref")
        version_name(self.price, "price")
        line(self.reason, "reason")
        instant(self.expires_at, "expires_at")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber and assignment."""
        yield "subscriber", OWN, self.subscriber_ref
        yield "price_assignment", OWN, f"grandfather:{self.subscriber_ref}:{self.price.rpartition(':')[0]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverridePrice(Command):
    """Agrees a price with one subscriber, from his next period on; said again, it is set anew. It goes before a kept price and
    before all versions. Before it ends he is told, 30 days ahead."""

    NAME: ClassVar[str] = "billing.prices.override.v1"
    RESULT: ClassVar[type] = PriceAssigned
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_subscriber": "nobody was defined under `subscriber_ref`",
        "unknown_product": "nothing is called so",
    }

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

    def __post_init__(self) -> None:
        line(self.subscriber_ref, "subscriber_ref")
        price_of(self.product, self.cycle_count, self.currency, self.unit_amount_minor)
        line(self.reason, "reason")
        instant(self.expires_at, "expires_at")

    @property
    def about(self) -> str:
        """What it is a price of, as references name it."""
        return f"{self.product}:{self.cycle_count}{self.cycle_unit}:{self.currency}"

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Subscriber and assignment."""
        yield "subscriber", OWN, self.subscriber_ref
        yield "price_assignment", OWN, f"override:{self.subscriber_ref}:{self.about}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationStands:
    """How a migration stands, or what it would do; the lists belong together, one entry for each currency."""

    reference: str
    """The app's own reference."""
    status: str
    """`dry_run`, `running`, `stopped` or `done`."""
    currencies: tuple[str, ...]
    """Of the subscriptions that it is about and has not worked yet."""
    subscriptions: tuple[int, ...]
    """How many those are."""
    provider_billed: tuple[int, ...]
    """How many of those a provider bills."""
    now_minor: tuple[int, ...]
    """What those pay per period, in minor units."""
    then_minor: tuple[int, ...]
    """What they would pay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigratePrice(Command):
    """Moves the subscribers of a version to a later one of the same price, page by page. `dry_run` counts, and writes nothing;
    `shadow` writes what would come of each, and changes nothing; `apply` does it: one who is to pay more is told first, and pays
    from the first period for which he was told in time. What a provider bills is not changed behind the payer's back."""

    NAME: ClassVar[str] = "billing.prices.migrate.v1"
    RESULT: ClassVar[type] = MigrationStands
    REFUSALS: ClassVar[Mapping[str, str]] = {
        **UNKNOWN_PRICE,
        "not_a_later_version": "`to_price` is no later version of the same price as `from_price`",
        "reference_used": "the reference is another migration's (`details.current`)",
        "shadow_first": "providers bill some of them: run it as `shadow` first, to its end (`details.current`: how many)",
    }

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

    def __post_init__(self) -> None:
        reference(self.reference)
        version_name(self.from_price, "from_price")
        version_name(self.to_price, "to_price")
        line(self.reason, "reason")
        if not 1 <= self.rate_per_minute <= MOST_RATE:
            raise ValueError(f"rate_per_minute must be 1 to {MOST_RATE}")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The migration."""
        if self.mode != "dry_run":
            yield "price_migration", OWN, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class StopMigration(Command):
    """Stops a migration after the page in hand. What was done stays."""

    NAME: ClassVar[str] = "billing.prices.stop_migration.v1"
    RESULT: ClassVar[type] = MigrationStands
    REFUSALS: ClassVar[Mapping[str, str]] = {"unknown_migration": "there is no such migration"}

    reference: str
    """The migration's reference."""
    reason: str
    """Why, for the audit."""

    def __post_init__(self) -> None:
        reference(self.reference)
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The migration."""
        yield "price_migration", OWN, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeMigration(Command):
    """Lets a stopped migration go on where it was."""

    NAME: ClassVar[str] = "billing.prices.resume_migration.v1"
    RESULT: ClassVar[type] = MigrationStands
    REFUSALS: ClassVar[Mapping[str, str]] = {"unknown_migration": "there is no such migration"}

    reference: str
    """The migration's reference."""
    reason: str
    """Why, for the audit."""

    def __post_init__(self) -> None:
        reference(self.reference)
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The migration."""
        yield "price_migration", OWN, self.reference
