"""Periods' shares, credits and prices as pure rules: integers, rounded once, bounded by what was paid (SUB-4, T5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.price_in_force import PriceVersion, price_in_force
from billing.rules.proration import creditable, difference, unused
from billing.rules.subscription_terms import anchored_on, cycle_of, go_on, missed, parts, span

START = datetime(2028, 1, 31, 12, tzinfo=UTC)
_minor = st.integers(0, 10_000_000)


@pytest.mark.requirement("SUB-4")
@given(_minor, _minor, st.integers(0, 10**9), st.integers(1, 10**9))
def test_there_and_back_costs_nothing_and_no_float_is_near(old: int, new: int, remaining: int, total: int) -> None:
    left = min(remaining, total)
    assert difference(old, new, left, total) == -difference(new, old, left, total)
    assert difference(old, new, total, total) == new - old
    assert difference(old, new, 0, total) == 0
    assert abs(2 * (difference(old, new, left, total) * total - (new - old) * left)) <= total, "rounded half-up, once"


@pytest.mark.requirement("SUB-4")
def test_the_base_is_the_running_plans_full_value() -> None:
    # A plan of 10, half the month on one of 20, a quarter on one of 40: 10 + 5 + 5, whatever was charged on the way.
    assert difference(1_000, 2_000, 15, 30) == 500
    assert difference(2_000, 4_000, 7, 30) == 467


@pytest.mark.requirement("CRED-10")
@given(_minor, _minor, st.lists(_minor, max_size=8))
def test_credits_never_sum_to_more_than_was_paid(full: int, paid: int, wishes: list[int]) -> None:
    given_back = 0
    for wish in wishes:
        given_back += creditable(wish, paid, given_back)
    assert 0 <= given_back <= paid
    assert unused(full, 1, 1) == full


@pytest.mark.requirement("SUB-13")
@pytest.mark.parametrize(("day", "anchor"), [(31, "2028-01-31"), (15, "2028-02-15"), (30, "2028-01-30"), (29, "2028-02-29")])
def test_an_anchor_day_is_remembered_from_a_month_that_has_it(day: int, anchor: str) -> None:
    at = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert anchored_on(at, "UTC", day).date().isoformat() == anchor
    assert anchored_on(at, "UTC", day) <= at


@pytest.mark.requirement("SUB-13")
@pytest.mark.parametrize(("day", "unit", "count", "days"), [
    (31, "month", 3, ["2027-02-28", "2027-05-31", "2027-08-31"]), (30, "month", 2, ["2027-02-28", "2027-04-30", "2027-06-30"]),
    (31, "year", 1, ["2027-02-28", "2028-02-29", "2029-02-28"]), (31, "week", 1, ["2027-02-28", "2027-03-07"]),
    (28, "month", 6, ["2027-02-28", "2027-08-28"]),
])  # fmt: skip
def test_another_cycle_goes_on_from_the_boundary_on_the_day_that_was_sold(day: int, unit: str, count: int, days: list[str]) -> None:
    before = cycle_of(datetime(2026, 12, day, 1, 30, tzinfo=UTC), "Europe/Bucharest", "month", 1)
    cycle, first = go_on(before, 2, unit, count)
    assert cycle.boundary(first) == before.boundary(2)
    assert [cycle.boundary(first + number).date().isoformat() for number in range(len(days))] == days


@pytest.mark.requirement("SUB-3", "SUB-13")
@given(st.integers(0, 40), st.sampled_from(["day", "week", "month", "year"]), st.integers(1, 3))
def test_as_many_periods_are_missed_as_have_begun(number: int, unit: str, count: int) -> None:
    cycle = cycle_of(START, "Europe/Bucharest", unit, count)
    assert missed(cycle, 0, cycle.boundary(number)) == number
    assert missed(cycle, 0, cycle.boundary(number + 1) - timedelta(seconds=1)) == number
    whole = span(cycle, number)
    assert parts(whole, whole.start, whole.end)[0] == parts(whole, whole.start, whole.end)[1]


def _version(number: int, day: int) -> PriceVersion:
    return PriceVersion(
        reference=f"pro:v{number}", product_ref="pro", cycle_unit="month", cycle_count=1, currency="EUR", version=number,
        unit_amount_minor=1_000 * number, effective_for_new_at=START + timedelta(days=day),
    )  # fmt: skip


@pytest.mark.requirement("PRICE-1", "PRICE-2")
def test_of_versions_that_have_begun_the_last_one_holds() -> None:
    versions = [_version(1, -30), _version(3, 5), _version(2, 0)]
    wanted = {"product_ref": "pro", "cycle_unit": "month", "cycle_count": 1, "currency": "EUR"}
    found = [price_in_force(versions, **wanted, at=START + timedelta(days=day)) for day in (-31, -1, 0, 5)]  # type: ignore[arg-type]
    assert [one and one.version for one in found] == [None, 1, 2, 3]
    assert price_in_force(versions, **(wanted | {"currency": "USD"}), at=START) is None  # type: ignore[arg-type]
