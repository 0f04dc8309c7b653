"""Rates by the tax point: yesterday's stay yesterday's, and today's are those of the EU's own database (TAX-1)."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import eu_vat_rates_data
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.tax.rates import PACKAGE_RATES, NoRateError, RateRow, Rates, parse_rate, rate_text
from billing.rules.tax.territory import members
from tests.harness.processes import ROOT

_CHANGES = [
    ("RO", "standard", date(2025, 8, 1), "19", "21"),
    ("RO", "reduced", date(2025, 8, 1), "9", "11"),
    ("RO", "second_reduced", date(2025, 8, 1), "5", "11"),
    ("EE", "standard", date(2024, 1, 1), "20", "22"),
    ("EE", "standard", date(2025, 7, 1), "22", "24"),
    ("SK", "standard", date(2025, 1, 1), "20", "23"),
    ("SK", "reduced", date(2025, 1, 1), "10", "19"),
    ("FI", "standard", date(2024, 9, 1), "24", "25.5"),
    ("FI", "reduced", date(2026, 1, 1), "14", "13.5"),
    ("DE", "standard", date(2020, 7, 1), "19", "16"),
    ("DE", "standard", date(2021, 1, 1), "16", "19"),
    ("DE", "reduced", date(2021, 1, 1), "5", "7"),
    ("IE", "standard", date(2020, 9, 1), "23", "21"),
    ("IE", "standard", date(2021, 3, 1), "21", "23"),
    ("LU", "standard", date(2023, 1, 1), "17", "16"),
    ("LU", "standard", date(2024, 1, 1), "16", "17"),
    ("CZ", "reduced", date(2024, 1, 1), "15", "12"),
    ("LT", "reduced", date(2026, 1, 1), "9", "12"),
    ("CH", "standard", date(2024, 1, 1), "7.7", "8.1"),
    ("NO", "second_reduced", date(2021, 10, 1), "6", "12"),
]
_HELD_ELSEWHERE = {("PL", 50_000): "5 %", ("IE", 48_000): "livestock"}
"""Rates of ours that the database files under other words."""


@pytest.mark.requirement("TAX-1")
@pytest.mark.parametrize(("area", "kind", "day", "before", "after"), _CHANGES)
def test_a_rate_changes_on_its_day(area: str, kind: str, day: date, before: str, after: str) -> None:
    assert rate_text(PACKAGE_RATES.rate(area, kind, day - timedelta(days=1))) == before  # type: ignore[arg-type]
    assert rate_text(PACKAGE_RATES.rate(area, kind, day)) == after  # type: ignore[arg-type]


@pytest.mark.requirement("TAX-1")
@pytest.mark.parametrize("country", [*members(), "GB", "CH", "NO"])
def test_the_rates_of_today_are_the_ones_of_the_database(country: str) -> None:
    theirs = eu_vat_rates_data.get_rate(country)
    assert theirs is not None
    day = date.fromisoformat(eu_vat_rates_data.data_version)
    ours = {row.kind: row.rate or 0 for row in PACKAGE_RATES.in_force(country, day)}
    known = {
        parse_rate(str(rate))
        for rate in (theirs["standard"], *theirs["reduced"], theirs["super_reduced"], theirs["parking"])
        if rate is not None
    }

    assert ours["standard"] == parse_rate(str(theirs["standard"]))
    assert {rate for rate in ours.values() if rate not in known and (country, rate) not in _HELD_ELSEWHERE} == set()


@pytest.mark.requirement("TAX-1")
def test_every_member_has_a_standard_rate_on_every_day_since_2020() -> None:
    for country in members():
        for year in range(2020, 2027):
            assert 170_000 - 10_000 <= PACKAGE_RATES.rate(country, "standard", date(year, 1, 1)) <= 270_000


@pytest.mark.requirement("TAX-1")
@pytest.mark.parametrize(
    ("area", "kind", "day", "says"),
    [
        ("ZZ", "standard", date(2026, 1, 1), "no VAT rates are known for 'ZZ'"),
        ("DK", "reduced", date(2026, 1, 1), "DK has no reduced VAT rate"),
        ("RO", "standard", date(2019, 12, 31), "known from 2020-01-01 on"),
        ("AT", "super_reduced", date(2026, 6, 30), "known from 2026-07-01 on"),
    ],
)
def test_what_is_not_known_is_said(area: str, kind: str, day: date, says: str) -> None:
    with pytest.raises(NoRateError, match=says):
        PACKAGE_RATES.rate(area, kind, day)  # type: ignore[arg-type]


@pytest.mark.requirement("TAX-1")
def test_a_row_of_ours_lies_over_the_table() -> None:
    ours = PACKAGE_RATES.with_rows(
        [
            RateRow(area="RO", kind="standard", valid_from=date(2026, 12, 1), rate=235_555),
            RateRow(area="RO", kind="second_reduced", valid_from=date(2026, 12, 1), rate=None),
            RateRow(area="FI", kind="standard", valid_from=date(2024, 9, 1), rate=255_001),
        ]
    )

    assert ours.rate("RO", "standard", date(2026, 11, 30)) == 210_000
    assert rate_text(ours.rate("RO", "standard", date(2026, 12, 1))) == "23.5555"
    assert ours.rate("FI", "standard", date(2026, 1, 1)) == 255_001
    assert PACKAGE_RATES.rate("RO", "standard", date(2026, 12, 1)) == 210_000
    with pytest.raises(NoRateError, match="it ended before"):
        ours.rate("RO", "second_reduced", date(2026, 12, 1))
    assert ours.rate("nowhere", "zero", date(1999, 1, 1)) == 0


@pytest.mark.requirement("TAX-1")
@given(
    st.dictionaries(
        st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.one_of(st.none(), st.integers(0, 500_000)), max_size=8
    ),
    st.dates(date(2019, 1, 1), date(2031, 1, 1)),
)
def test_the_newest_row_that_has_begun_counts(rows: dict[date, int | None], day: date) -> None:
    rates = Rates({}).with_rows(
        RateRow(area="RO", kind="standard", valid_from=begin, rate=rate) for begin, rate in rows.items()
    )
    begun = [begin for begin in rows if begin <= day]
    expected = rows[max(begun)] if begun else None

    if expected is None:
        with pytest.raises(NoRateError):
            rates.rate("RO", "standard", day)
    else:
        assert rates.rate("RO", "standard", day) == expected


@pytest.mark.requirement("TAX-1")
@given(st.integers(0, 1_000_000))
def test_a_rate_is_read_as_it_is_written(rate: int) -> None:
    assert parse_rate(rate_text(rate)) == rate


def test_the_table_says_each_thing_once() -> None:
    text = (ROOT / "billing/rules/tax/rates.csv").read_text(encoding="utf-8")
    keys = [tuple(line.split(",")[:3]) for line in text.splitlines()[1:]]

    assert len(keys) == len(set(keys))
    assert {area[:2] for area, _, _ in keys} == {*members(), "GB", "CH", "NO"}
    for rows in PACKAGE_RATES.rows.values():
        assert all(before.rate != after.rate for before, after in pairwise(rows)), "a change that changes nothing"
