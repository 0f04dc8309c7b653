"""What came of a play, as plain values: they can be sent from one process to another, and those of several shops be added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from billing.rules.money import format_minor

_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: `amount` in cents; None where there is none to tell."""

    name: str
    amount: int | None
    count: int | None

    def __str__(self) -> str:
        """As it is printed."""
        if self.amount is None:
            return f"{self.name:<54}{self.count:>9}"
        return f"{self.name:<38}{format_minor(self.amount, _DECIMALS):>16}{'' if self.count is None else self.count:>9}".rstrip()


@dataclass(frozen=True, slots=True)
class Found:
    """All that is printed of a play; each table in groups of lines, in which each name stands once."""

    calendar: dict[str, dict[str, int]]
    """What was done -> month (2027-01) -> how often."""
    bridge: list[Line]
    summary: list[list[Line]]
    papers: list[list[Line]]
    """Empty without papers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How quick a play was: times of the machine's steady clock and seconds, and counts."""

    began_s: float
    ended_s: float
    cpu_s: float
    subscription_days: int
    instants: int
    runs: dict[str, int]
    failed: dict[str, int]
    deaths: dict[str, int]
    webhooks: dict[str, int]
    spent_us: dict[str, int]


def found_in_all(shops: Sequence[Found]) -> Found:
    """What came of all shops together."""
    calendar: dict[str, Counter[str]] = {}
    for shop in shops:
        for what, months in shop.calendar.items():
            calendar.setdefault(what, Counter()).update(months)
    return Found(
        {what: dict(months) for what, months in calendar.items()},
        _added([shop.bridge for shop in shops]),
        [_added(groups) for groups in zip(*(shop.summary for shop in shops), strict=True)],
        [_added(groups) for groups in zip(*(shop.papers for shop in shops), strict=True)],
    )


def pace_of_all(shops: Sequence[Pace]) -> Pace:
    """How quick all were together: from when the first began to when the last ended."""
    counts = {
        name: dict(sum((Counter(getattr(shop, name)) for shop in shops), Counter[str]()))
        for name in ("runs", "failed", "deaths", "webhooks", "spent_us")
    }  # fmt: skip
    return Pace(
        began_s=min(shop.began_s for shop in shops), ended_s=max(shop.ended_s for shop in shops), cpu_s=sum(shop.cpu_s for shop in shops),
        subscription_days=sum(shop.subscription_days for shop in shops), instants=sum(shop.instants for shop in shops), **counts,
    )  # fmt: skip


def _added(groups: Iterable[list[Line]]) -> list[Line]:
    """Line by line. Lines that not all have are put in by their names' order, which is that of the questions behind such groups."""
    said = list(groups)
    names = [line.name for line in said[0]]
    if any([line.name for line in group] != names for group in said):
        names = sorted({line.name for group in said for line in group})
    by_name: dict[str, list[Line]] = {name: [] for name in names}
    for group in said:
        for line in group:
            by_name[line.name].append(line)
    return [Line(name, _sum(line.amount for line in lines), _sum(line.count for line in lines)) for name, lines in by_name.items()]


def _sum(values: Iterable[int | None]) -> int | None:
    known = list(values)
    return None if None in known else sum(cast("list[int]", known))
