"""Commands about what there is to buy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.campaigns import campaign_name
from billing.rules.commands.subscribers import OWN
from billing.rules.tax.rates import RateKind
from billing.rules.tax.sold_as import Supply, check_kinds

MOST_CREDITS, MOST_DAYS, MOST_MONTHS, MOST_LIMITS = 1_000_000_000, 3_650, 120, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDefined:
    """How it stands."""

    product: str
    """Bursar's public id of it."""
    reference: str
    """The app's own key."""
    status: str
    """`offered` or `retired`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineProduct(Command):
    """Defines a plan or a package of credits, or sets it anew as a whole. What it costs is published by `prices.publish`."""

    NAME: ClassVar[str] = "billing.products.define.v1"
    RESULT: ClassVar[type] = ProductDefined
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "kind_differs": "it was defined as the other kind (`details.current`)",
        "free_plan_exists": "another plan is the free one already (`details.current`)",
    }

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
    supply: Supply = "service"
    """What tax takes it for: a service that is sold from afar, or goods that are sent."""
    tax_kind: RateKind = "standard"
    """Which of a place's rates of VAT it has. Where a place has no rate of that kind, nothing without tax is billed and no paper is
    issued: say in `tax_kinds` what holds there."""
    tax_kinds: dict[str, str] | None = None
    """Where that differs: country (`DK`) or region (`PT-20`) -> kind."""
    provider_refs: tuple[str, ...] = ()
    """Providers' products and prices that mean this one."""
    retired: bool = False
    """Not offered any more: nobody can begin it, whoever has it keeps it."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        campaign_name(self.reference, "reference")
        line(self.title, "title")
        for name in ("dunning_policy_ref", "reason"):
            if getattr(self, name) is not None:
                line(getattr(self, name), name)
        for one in self.provider_refs:
            line(one, "provider_refs")
        _between(self.credits, 0, MOST_CREDITS, "credits")
        _between(self.credit_validity_months, 1, MOST_MONTHS, "credit_validity_months")
        _between(self.trial_days, 1, MOST_DAYS, "trial_days")
        _between(self.trial_grace_days, 0, MOST_DAYS, "trial_grace_days")
        _between(self.trial_notice_days, 0, MOST_DAYS, "trial_notice_days")
        check_kinds(self.tax_kinds or {}, "tax_kinds")
        limits = self.limits or {}
        if len(limits) > MOST_LIMITS or any(limit is not None and limit < 0 for limit in limits.values()):
            raise ValueError(f"limits must be at most {MOST_LIMITS} names with whole numbers of 0 and more, or null")
        if self.kind == "credit_package" and (self.free or limits or self.trial_days is not None):
            raise ValueError("kind credit_package has neither limits nor a trial and is not free")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The product."""
        yield "product", OWN, self.reference


def _between(value: int | None, least: int, most: int, name: str) -> None:
    if value is not None and not least <= value <= most:
        raise ValueError(f"{name} must be {least} to {most}")
