"""Commands about meters and what they measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bursar_client.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineMeter(Command):
    """Defines a meter, or sets it anew. How it adds up stays what it is once something was recorded.

    Result: `meter`, `aggregation`.
    Rejected as `aggregation_fixed`.
    """

    NAME: ClassVar[str] = "billing.meters.define.v1"
    QUEUE: ClassVar[str] = "payments"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUsage(Command):
    """Records measurements, one or many; each `key` counts once. Usage is a fact: it is recorded beyond a limit, too.

    Result: `recorded`, `known`, `late`, `too_late`.
    Rejected as `unknown_meter`, `item_missing`, `in_the_future`, `key_used`.
    """

    NAME: ClassVar[str] = "billing.usage.record.v1"
    QUEUE: ClassVar[str] = "payments"

    events: tuple[dict[str, str | int], ...]
    """1 to 1000 objects of `subscriber_ref`, `meter`, `key` (1 to 120 visible ASCII characters, unique for ever) and, if wanted,
    `quantity` (whole, in the meter's smallest unit; 1 if left out), `item` (what a meter of unique items counts), `used_at` (ISO 8601
    with a zone; now if left out)."""


TYPED: tuple[type[Command], ...] = (DefineMeter, RecordUsage)
