"""What a subscription's next period costs: agreed price, kept price, or the version that holds for those who are there (PRICE-6).

A locked price stays until a declared change: a version that is in force for existing subscribers, or a move that somebody declared.
A change that raises holds only once its notice went out in time (PRICE-3); else the price stays for this period, and the next is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from billing.rules.price_in_force import PriceVersion

WARNING = timedelta(days=30)
"""PRICE-7: how long before its end one is told that a kept price ends; without that it does not end."""

Because = Literal["override", "grandfather", "declared", "version", "locked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """One subscriber's own price of a product and cycle, in minor units per seat."""

    kind: str
    """`override` or `grandfather`."""
    price_ref: str | None
    unit_amount_minor: int
    locked_at: datetime
    expires_at: datetime | None
    warned_at: datetime | None

    def holds_at(self, at: datetime) -> bool:
        """Whether it holds then: from its first instant to its end, of which one must have been told 30 days before."""
        end = ends_at(self.expires_at, self.warned_at)
        return self.locked_at <= at and (end is None or at < end)


def ends_at(expires_at: datetime | None, warned_at: datetime | None) -> datetime | None:
    """When an assignment ends, by what is known now; None: not yet to be said."""
    return None if expires_at is None or warned_at is None else max(expires_at, warned_at + WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPrice:
    """What a period costs per seat, by which version, and why."""

    price_ref: str | None
    unit_amount_minor: int
    because: Because


def next_price(
    at: datetime,
    *,
    price_ref: str | None,
    unit_amount_minor: int,
    versions: Iterable[PriceVersion],
    assigned: Iterable[Assigned] = (),
    noticed: Mapping[str, datetime] | None = None,
    declared: frozenset[str] = frozenset(),
) -> NextPrice:
    """The price of the period that begins at `at`.

    Args:
        at: the boundary.
        price_ref: the version that the subscription has now; None: it costs nothing.
        unit_amount_minor: what it pays now per seat; counts where the version is not known.
        versions: all of its product, at least.
        assigned: what was assigned to its subscriber for this product, cycle and currency.
        noticed: version -> when its notice went out to him.
        declared: versions to which it is to be moved, whatever their date for existing ones says.
    """
    own = {one.reference: one for one in versions}
    current = own.get(price_ref or "")
    holding = [one for one in assigned if one.holds_at(at)]
    for kind in ("override", "grandfather"):
        of_kind = [one for one in holding if one.kind == kind]
        if of_kind:
            found = max(of_kind, key=lambda one: (one.locked_at, one.unit_amount_minor))
            return NextPrice(
                price_ref=found.price_ref or price_ref, unit_amount_minor=found.unit_amount_minor,
                because="override" if kind == "override" else "grandfather",
            )  # fmt: skip
    if current is None:
        return NextPrice(price_ref=price_ref, unit_amount_minor=unit_amount_minor, because="locked")
    for one in sorted(own.values(), key=lambda one: one.version, reverse=True):
        if not _follows(one, current):
            continue
        begun = one.effective_for_existing_at is not None and one.effective_for_existing_at <= at
        if (begun or one.reference in declared) and _told(one, current, (noticed or {}).get(one.reference), at):
            because: Because = "version" if begun else "declared"
            return NextPrice(price_ref=one.reference, unit_amount_minor=one.unit_amount_minor, because=because)
    return NextPrice(price_ref=current.reference, unit_amount_minor=current.unit_amount_minor, because="locked")


def _follows(one: PriceVersion, current: PriceVersion) -> bool:
    """Whether it is a later version of the same price."""
    same = (one.product_ref, one.cycle_unit, one.cycle_count, one.currency)
    return same == (current.product_ref, current.cycle_unit, current.cycle_count, current.currency) and one.version > current.version


def _told(one: PriceVersion, current: PriceVersion, noticed_at: datetime | None, at: datetime) -> bool:
    """Less needs no notice; more needs one that went out so many days before."""
    if one.unit_amount_minor <= current.unit_amount_minor:
        return True
    return noticed_at is not None and noticed_at + timedelta(days=one.notice_days) <= at
