"""Command that defines meters (USAGE-3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from billing.rules.commands.base import Command, line
from billing.rules.commands.payments import reference

OWN = "bursar"
MOST_PERCENT = 1_000
_EVENT_NAME = re.compile(r"[\x21-\x7e]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterTold:
    """The meter."""

    meter: str
    """The app's own key of it."""
    aggregation: str
    """How its measurements are added up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineMeter(Command):
    """Defines a meter, or sets it anew. How it adds up stays what it is once something was recorded."""

    NAME: ClassVar[str] = "billing.meters.define.v1"
    RESULT: ClassVar[type] = MeterTold
    REFUSALS: ClassVar[Mapping[str, str]] = {"aggregation_fixed": "usage was recorded with another aggregation (`details.current`)"}

    meter: str
    """The app's own key of it: 1 to 80 letters, digits and `. _ : / -`."""
    title: str
    """Its name, for people."""
    category: Literal["storage", "bandwidth", "compute", "email", "custom"]
    """What kind of thing is measured."""
    aggregation: Literal["sum", "count", "max", "last", "unique"]
    """How a period's measurements become one number: all quantities, how many, the greatest, the newest, how many different items."""
    rounding: Literal["up", "down", "nearest", "none"] = "none"
    """How the number is brought to whole units of `unit_size`; `none` needs a unit of 1."""
    unit_size: int = 1
    """So many of what is recorded are one that is shown and limited, such as 1000000000 bytes."""
    limit_name: str | None = None
    """Under which name a product's `limits` have its limit; null: the meter's key."""
    alert_percents: tuple[int, ...] = (80, 10 * 10)
    """Percents of the limit, 1 to 1000, at which the customer is told, each once a period."""
    provider_event_name: str | None = None
    """The event name of a meter at the customer's provider (Stripe) that is told, too; null: none."""

    def __post_init__(self) -> None:
        reference(self.meter, "meter")
        line(self.title, "title")
        if self.unit_size < 1 or (self.rounding == "none" and self.unit_size != 1):
            raise ValueError("unit_size must be 1 or more, and 1 where nothing is rounded")
        if self.limit_name is not None:
            line(self.limit_name, "limit_name")
        if not all(0 < percent <= MOST_PERCENT for percent in self.alert_percents):
            raise ValueError(f"alert_percents must be 1 to {MOST_PERCENT}")
        if self.provider_event_name is not None and not _EVENT_NAME.fullmatch(self.provider_event_name):
            raise ValueError("provider_event_name must be 1 to 100 visible ASCII characters without blanks")

    def references(self) -> Iterator[tuple[str, str, str]]:
        """The meter."""
        yield "meter", OWN, self.meter
