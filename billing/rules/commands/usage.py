"""Command that records what was used (USAGE-3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from billing.rules.commands.base import Command, line

OWN = "bursar"
MOST_EVENTS = 1_000
MOST_QUANTITY = 10**15
_KEY = re.compile(r"[\x21-\x7e]{1,120}")
_FIELDS = frozenset({"subscriber_ref", "meter", "key", "quantity", "item", "used_at"})


@dataclass(frozen=True, slots=True)
class Measured:
    """One event of the command."""

    subscriber_ref: str
    meter: str
    key: str
    quantity: int
    item: str | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecorded:
    """What became of the events."""

    recorded: int
    """How many are new."""
    known: int
    """How many were recorded before: nothing was added."""
    late: int
    """How many of the new ones count in the period before the running one."""
    too_late: int
    """How many of the new ones are older than that: they are kept and count nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUsage(Command):
    """Records measurements, one or many; each `key` counts once. Usage is a fact: it is recorded beyond a limit, too."""

    NAME: ClassVar[str] = "billing.usage.record.v1"
    RESULT: ClassVar[type] = UsageRecorded
    REFUSALS: ClassVar[Mapping[str, str]] = {
        "unknown_meter": "a meter is not defined (`details.current`); nothing was recorded",
        "item_missing": "the meter counts unique items, and an event names none (`details.current`); nothing was recorded",
        "in_the_future": "an event is more than an hour ahead (`details.current`); nothing was recorded",
        "key_used": "a key is known with other values (`details.current`); nothing was recorded",
    }

    events: tuple[dict[str, str | int], ...]
    """1 to 1000 objects of `subscriber_ref`, `meter`, `key` (1 to 120 visible ASCII characters, unique for ever) and, if wanted,
    `quantity` (whole, in the meter's smallest unit; 1 if left out), `item` (what a meter of unique items counts), `used_at` (ISO 8601
    with a zone; now if left out)."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.events) <= MOST_EVENTS:
            raise ValueError(f"events must be 1 to {MOST_EVENTS}")
        for one in self.events:
            _check(one)

    def measured(self) -> list[Measured]:
        """The events."""
        return [_measured(one) for one in self.events]

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Whose they are, into which periods they fall, and the events."""
        for one in self.events:
            yield "subscriber", OWN, str(one["subscriber_ref"])
            yield "usage_period", OWN, str(one["subscriber_ref"])
            yield "usage_event", OWN, str(one["key"])


def _check(one: Mapping[str, str | int]) -> None:
    if not {"subscriber_ref", "meter", "key"} <= one.keys() <= _FIELDS:
        raise ValueError("events must be objects of subscriber_ref, meter, key and, if wanted, quantity, item, used_at")
    if not all(isinstance(value, str) for name, value in one.items() if name != "quantity"):
        raise ValueError("all of an event but its quantity are texts")
    for name in ("subscriber_ref", "meter", "item"):
        if name in one:
            line(str(one[name]), name)
    if not _KEY.fullmatch(str(one["key"])):
        raise ValueError("key must be 1 to 120 visible ASCII characters without blanks")
    quantity = one.get("quantity", 1)
    if not isinstance(quantity, int) or not 0 <= quantity <= MOST_QUANTITY:
        raise ValueError(f"quantity must be a whole number of 0 to {MOST_QUANTITY}")
    used_at = _instant(one)
    if used_at is not None and used_at.tzinfo is None:
        raise ValueError("used_at needs a zone, such as Z")


def _instant(one: Mapping[str, str | int]) -> datetime | None:
    return datetime.fromisoformat(str(one["used_at"])) if "used_at" in one else None


def _measured(one: Mapping[str, str | int]) -> Measured:
    item = one.get("item")
    return Measured(
        subscriber_ref=str(one["subscriber_ref"]), meter=str(one["meter"]), key=str(one["key"]), quantity=int(one.get("quantity", 1)),
        item=None if item is None else str(item), used_at=_instant(one),
    )  # fmt: skip
