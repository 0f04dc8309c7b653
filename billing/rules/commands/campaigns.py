"""Commands about campaigns: what their promo codes give, to whom and when (PROMO-4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from billing.rules.commands.base import MOST_MINOR, Command, line
from billing.rules.commands.payments import amount
from billing.rules.commands.subscribers import zone
from billing.rules.promo import PromoRule

OWN = "bursar"
MOST_USES = 1_000_000_000
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def campaign_name(value: str, name: str) -> str:
    """Raises ValueError for what is no campaign's reference."""
    if not _REFERENCE.fullmatch(value):
        raise ValueError(f"{name} must be 1 to 80 letters, digits and . _ -, beginning with a letter or digit")
    return value


def uses(value: int | None, name: str) -> None:
    """Raises ValueError for what is no limit."""
    if value is not None and not 0 < value <= MOST_USES:
        raise ValueError(f"{name} must be 1 to {MOST_USES}; null: no limit")


def _is_date(value: str) -> bool:
    try:
        return _DATE.fullmatch(value) is not None and bool(date.fromisoformat(value))
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignTold:
    """How the campaign stands."""

    campaign: str
    """Bursar's public id of it."""
    reference: str
    """The app's own reference of it."""
    status: str
    """`active` or `ended`."""
    uses: int
    """How many uses of its codes are reserved or consumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineCampaign(Command):
    """Defines a campaign, or sets it anew: discounts that are reserved already stay what they are."""

    NAME: ClassVar[str] = "billing.campaigns.define.v1"
    RESULT: ClassVar[type] = CampaignTold
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "campaign_ended": "it was ended; begin another one",
        "limit_below_uses": "more uses are taken already than `max_uses` would allow (`details.current`)",
    }

    reference: str
    """The app's own name for it: 1 to 80 letters, digits and `. _ -`."""
    title: str
    """Its name, for people."""
    kind: Literal["percentage", "fixed", "bogo"]
    """`percentage` of the order; a `fixed` amount, at most the order's; `bogo`: buy some, get some free, the cheapest ones."""
    basis_points: int | None = None
    """Of `percentage`: hundredths of a percent, 1 to 10000."""
    amount_minor: int | None = None
    """Of `fixed`: in minor units of `currency`."""
    currency: str | None = None
    """Of `fixed`: ISO 4217; an order in another currency is refused."""
    buy_quantity: int | None = None
    """Of `bogo`: of each `buy_quantity + free_quantity` units of an order,"""
    free_quantity: int | None = None
    """so many are free."""
    segments: tuple[str, ...] = ()
    """Which customers may use it; empty: all."""
    starts_on: str | None = None
    """First day, YYYY-MM-DD in `zone`; null: at once."""
    ends_on: str | None = None
    """Last day, inclusive; null: until it is ended."""
    zone: str = "UTC"
    """The time zone of its days, an IANA name."""
    max_uses: int | None = None
    """How often its codes may be used in all; null: no limit."""
    max_per_customer: int | None = None
    """How often by one customer; null: no limit."""
    reason: str | None = None
    """Why, for the audit."""

    def __post_init__(self) -> None:
        campaign_name(self.reference, "reference")
        line(self.title, "title")
        for segment in self.segments:
            line(segment, "segments")
        if self.reason is not None:
            line(self.reason, "reason")
        self._check_kind()
        self._check_days()
        uses(self.max_uses, "max_uses")
        uses(self.max_per_customer, "max_per_customer")

    def _check_kind(self) -> None:
        own = {"percentage": {"basis_points"}, "fixed": {"amount_minor", "currency"}, "bogo": {"buy_quantity", "free_quantity"}}[self.kind]
        for name in ("basis_points", "amount_minor", "currency", "buy_quantity", "free_quantity"):
            if (getattr(self, name) is not None) != (name in own):
                raise ValueError(f"{name} is {'needed' if name in own else 'not'} for the kind {self.kind}")
        if self.kind == "fixed":
            amount(self.amount_minor or 0, self.currency or "")
        if max(self.buy_quantity or 0, self.free_quantity or 0) > MOST_MINOR:
            raise ValueError(f"buy_quantity and free_quantity must be at most {MOST_MINOR}")
        self.rule()

    def _check_days(self) -> None:
        for name in ("starts_on", "ends_on"):
            value = getattr(self, name)
            if value is not None and not _is_date(value):
                raise ValueError(f"{name} must be a date such as 2027-03-31")
        if self.starts_on is not None and self.ends_on is not None and self.ends_on < self.starts_on:
            raise ValueError("ends_on must not be before starts_on")
        zone(self.zone)

    def rule(self) -> PromoRule:
        """What it gives."""
        return PromoRule(
            kind=self.kind, basis_points=self.basis_points or 0, amount_minor=self.amount_minor or 0, currency=self.currency,
            buy_quantity=self.buy_quantity or 0, free_quantity=self.free_quantity or 0,
        )  # fmt: skip

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The campaign."""
        yield "campaign", OWN, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCampaign(Command):
    """Ends a campaign for good: nothing more is reserved from it, what is reserved or paid stays."""

    NAME: ClassVar[str] = "billing.campaigns.end.v1"
    RESULT: ClassVar[type] = CampaignTold
    REFUSALS: ClassVar[Mapping[str, str]] = {"unknown_campaign": "no campaign has this reference"}

    reference: str
    """The campaign's reference."""
    reason: str
    """Why, for the audit."""

    def __post_init__(self) -> None:
        campaign_name(self.reference, "reference")
        line(self.reason, "reason")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The campaign."""
        yield "campaign", OWN, self.reference
