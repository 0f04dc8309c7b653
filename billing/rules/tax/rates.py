"""VAT rates with the days from which they hold: picked by the tax point, never by today (TAX-1).

The table is package data (`rates.csv`), written by us from the states' laws; a test compares its last lines with the EU's own
database. A state that changes its rate overnight is a row of the database laid over the table (`Rates.with_rows`), so that nobody
waits for a release. Rates are integers: per cent with four decimals.

A state lists goods under its rates by its own laws, and moves them now and then. The table knows the rates, not the lists: which
kind a product has is the seller's word.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Literal, get_args

from billing.rules.money import parse_minor

RateKind = Literal["standard", "reduced", "second_reduced", "super_reduced", "parking", "zero"]
"""`reduced` and `second_reduced` keep their goods over the years as far as a state does: as a rule the higher and the lower one."""
RATE_KINDS: Mapping[str, RateKind] = {kind: kind for kind in get_args(RateKind)}
"""By the word in the row."""
RATE_DECIMALS = 4
MAX_RATE = 1_000_000
"""100 %."""
_AREA = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


class NoRateError(LookupError):
    """No rate is known for that place, kind and day. No document was made and no money moved; define the rate, then try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """From `valid_from` on, `area` taxes `kind` at `rate`, until its next row. `rate` None: from then on there is no such rate."""

    area: str
    kind: RateKind
    valid_from: date
    rate: int | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """A table of rates by place and kind, each in the order of days."""

    rows: Mapping[tuple[str, RateKind], tuple[RateRow, ...]]

    def with_rows(self, rows: Iterable[RateRow]) -> Rates:
        """This table with `rows` laid over it: of two rows for one day the later given counts."""
        merged = {key: {row.valid_from: row for row in known} for key, known in self.rows.items()}
        for row in rows:
            merged.setdefault((row.area, row.kind), {})[row.valid_from] = row
        return Rates({key: tuple(by_day[day] for day in sorted(by_day)) for key, by_day in merged.items()})

    def row(self, area: str, kind: RateKind, on: date) -> RateRow:
        """The row in force on that day.

        Raises:
            NoRateError: the place is not in the table, the table begins later, or the state has no rate of that kind that day.
        """
        known = self.rows.get((area, kind), ())
        place = bisect_right(known, on, key=lambda row: row.valid_from)
        if place and known[place - 1].rate is not None:
            return known[place - 1]
        raise NoRateError(_why(area, kind, on, known, self.areas()))

    def rate(self, area: str, kind: RateKind, on: date) -> int:
        """The rate in force on that day, in ten-thousandths of a per cent; `zero` is 0 everywhere.

        Raises:
            NoRateError: as `row`.
        """
        if kind == "zero":
            return 0
        return self.row(area, kind, on).rate or 0

    def in_force(self, area: str, on: date) -> list[RateRow]:
        """All rates of a place on that day, in the order of `RATE_KINDS`."""
        found = []
        for kind in RATE_KINDS.values():
            known = self.rows.get((area, kind), ())
            place = bisect_right(known, on, key=lambda row: row.valid_from)
            if place and known[place - 1].rate is not None:
                found.append(known[place - 1])
        return found

    def areas(self) -> list[str]:
        """The places that have rates, in order."""
        return sorted({area for area, _ in self.rows})


def rate_text(rate: int) -> str:
    """As people and documents read it: `21`, `25.5`, `8.1`."""
    whole, part = divmod(rate, 10**RATE_DECIMALS)
    decimals = str(part).rjust(RATE_DECIMALS, "0").rstrip("0")
    return f"{whole}.{decimals}" if decimals else str(whole)


def is_area(text: str) -> bool:
    """Whether it has the form of a place that can have rates: a country (`RO`), or one with a region (`PT-20`)."""
    return _AREA.fullmatch(text) is not None


def parse_rate(text: str) -> int:
    """`25.5` as 255000.

    Raises:
        AmountError: no plain decimal of at most four decimals.
    """
    return parse_minor(text, RATE_DECIMALS)


def _why(area: str, kind: RateKind, on: date, known: tuple[RateRow, ...], areas: list[str]) -> str:
    if area not in areas:
        return f"no VAT rates are known for {area!r}; define one with `tax_rates.define`, or mend the country. Nothing was issued"
    if not known:
        then = "choose another kind (a product's `tax_kinds`), or define one with `tax_rates.define`"
        return f"{area} has no {kind} VAT rate; {then}. Nothing was issued"
    if on < known[0].valid_from:
        return f"{area}'s {kind} VAT rate is known from {known[0].valid_from} on, not for {on}. Nothing was issued"
    return f"{area} had no {kind} VAT rate on {on}: it ended before. Choose another kind. Nothing was issued"


def _package() -> Rates:
    text = files(__package__ or "billing.rules.tax").joinpath("rates.csv").read_text("utf-8")
    rows = [
        RateRow(
            area=line["area"],
            kind=RATE_KINDS[line["kind"]],
            valid_from=date.fromisoformat(line["valid_from"]),
            rate=parse_rate(line["percent"]) if line["percent"] else None,
            note=line["note"],
        )
        for line in csv.DictReader(text.splitlines())
    ]
    return Rates({}).with_rows(rows)


PACKAGE_RATES = _package()
"""The table that came with this release."""
