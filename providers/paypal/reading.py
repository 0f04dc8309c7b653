"""What all of PayPal's resources share: money as decimal text, links to parents, and how new a resource is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from billing.rules.facts.base import UNSET, Unset, Version
from billing.rules.facts.event import Event
from providers.fields import instant, items, mapping, needed, optional
from providers.paypal.decimals import minor_units
from providers.paypal.envelope import FETCHED

Money = tuple[int, str]
"""(minor units, ISO currency)."""


def money(obj: Mapping[str, Any], name: str) -> Money | None:
    """An amount in either generation's words (`{value, currency_code}`, `{total, currency}`), exact to the minor unit.

    Minor units are PayPal's, which takes no decimals of HUF, TWD and JPY (`rules.money.provider_exponent`).

    Raises:
        UnparsableBody: it is no decimal text, has more decimals than its currency, or more than 64 bits hold.
    """
    amount = mapping(obj, name)
    value = optional(amount, "value") or optional(amount, "total")
    if value is None:
        return None
    currency = (optional(amount, "currency_code") or needed(amount, "currency")).upper()
    return minor_units(value, currency), currency


def parent(obj: Mapping[str, Any], kind: str) -> str | None:
    """The id behind `links[rel=up]`, if it is of this kind (`captures`, `authorizations`, `orders`)."""
    for link in items(obj, "links"):
        if optional(link, "rel") == "up":
            before, _, last = (optional(link, "href") or "").rstrip("/").rpartition("/")
            if last and before.endswith(f"/{kind}"):
                return last
    return None


def version(event: Event, phase: Literal[0, 1, 2], rank: int) -> Version:
    """How new this resource is: by its own `update_time` (any offset), else by the event's time.

    Never more than a day after its receipt: a forged time in the future must not outlast for ever what PayPal really
    says. (The day is for clocks: a bound that true events can reach would bring in their order of arrival.) A look-up's
    answer is as new as the look-up, and wins where both say the same second.
    """
    fetched = event.type.endswith(FETCHED)
    told = None if fetched else instant(event.object, "update_time")
    at = told if isinstance(told, datetime) else event.occurred_at
    return Version(phase=phase, at=min(at, event.received_at + _AHEAD), rank=2 * rank + fetched, event_id=event.id)


T = TypeVar("T")
_AHEAD = timedelta(days=1)


def said(value: T | None) -> T | Unset:
    """A value that PayPal left out says nothing about ours."""
    return UNSET if value is None else value


def time_of(obj: Mapping[str, Any], *names: str) -> datetime | Unset:
    """The first of these times that is told."""
    for name in names:
        at = instant(obj, name)
        if isinstance(at, datetime):
            return at
    return UNSET
