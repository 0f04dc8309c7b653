"""What a promo code takes off: integers, half up, never more than is owed (PROMO-3, PROMO-4)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.promo import OrderLine, PromoRule, discount, fits_currency, normalised, runs_at

_LINES = st.lists(st.builds(OrderLine, unit_minor=st.integers(0, 50_000), quantity=st.integers(1, 30)), min_size=1, max_size=8)
_RULES = st.one_of(
    st.builds(PromoRule, kind=st.just("percentage"), basis_points=st.integers(1, 10_000)),
    st.builds(PromoRule, kind=st.just("fixed"), amount_minor=st.integers(1, 200_000), currency=st.just("EUR")),
    st.builds(PromoRule, kind=st.just("bogo"), buy_quantity=st.integers(1, 5), free_quantity=st.integers(1, 5)),
)


def _lines(*pairs: tuple[int, int]) -> list[OrderLine]:
    return [OrderLine(unit_minor=unit, quantity=quantity) for unit, quantity in pairs]


@pytest.mark.requirement("PROMO-3", "PAY-5")
@pytest.mark.parametrize(
    ("basis_points", "pairs", "off"),
    [
        (1000, [(1010, 1)], [101]),
        (1500, [(10, 1)], [2]),  # 1.5, half up
        (1499, [(10, 1)], [1]),
        (10_000, [(333, 3)], [999]),
        (1, [(4999, 1)], [0]),
        (1, [(5000, 1)], [1]),
        (5000, [(1, 1), (1, 1), (1, 1)], [1, 1, 0]),  # 1.5 of 3, then shared out
    ],
)
def test_a_percentage_is_rounded_once_half_up(basis_points: int, pairs: list[tuple[int, int]], off: list[int]) -> None:
    assert discount(PromoRule(kind="percentage", basis_points=basis_points), _lines(*pairs)) == off


@pytest.mark.requirement("PROMO-3")
def test_a_fixed_amount_never_makes_less_than_nothing() -> None:
    rule = PromoRule(kind="fixed", amount_minor=500, currency="EUR")
    assert discount(rule, _lines((300, 1))) == [300]
    assert discount(rule, _lines((600, 1), (400, 1))) == [300, 200]
    assert discount(rule, _lines((0, 3))) == [0]
    assert fits_currency(rule, "EUR")
    assert not fits_currency(rule, "RON")
    assert fits_currency(PromoRule(kind="percentage", basis_points=1), "RON")


@pytest.mark.requirement("PROMO-4")
@pytest.mark.parametrize(
    ("pairs", "off"),
    [
        ([(1000, 2)], [0]),
        ([(1000, 3)], [1000]),
        ([(1000, 5)], [1000]),
        ([(1000, 6)], [2000]),
        ([(1000, 2), (300, 1)], [0, 300]),
        ([(300, 1), (200, 1), (1000, 4)], [300, 200, 0]),
        ([(500, 1)] * 3, [500, 0, 0]),
    ],
)
def test_of_each_three_the_cheapest_is_free(pairs: list[tuple[int, int]], off: list[int]) -> None:
    assert discount(PromoRule(kind="bogo", buy_quantity=2, free_quantity=1), _lines(*pairs)) == off


@pytest.mark.requirement("PROMO-3", "PROMO-4")
@given(rule=_RULES, lines=_LINES)
def test_no_line_gets_more_off_than_it_costs(rule: PromoRule, lines: list[OrderLine]) -> None:
    off = discount(rule, lines)
    total = sum(line.total_minor for line in lines)
    assert all(0 <= minor <= line.total_minor for minor, line in zip(off, lines, strict=True))
    if rule.kind == "percentage":
        assert sum(off) == (2 * total * rule.basis_points + 10_000) // 20_000
    if rule.kind == "fixed":
        assert sum(off) == min(rule.amount_minor, total)


@pytest.mark.requirement("PROMO-4")
def test_days_are_those_of_the_campaigns_zone() -> None:
    new_year = datetime(2027, 1, 1, 0, 30, tzinfo=UTC)
    assert runs_at(new_year, "2027-01-01", "2027-01-01", "Europe/Bucharest")
    assert not runs_at(new_year, "2027-01-01", None, "America/New_York")
    assert runs_at(new_year, None, "2026-12-31", "America/New_York")
    assert not runs_at(new_year, None, "2026-12-31", "UTC")
    # The day on which Bucharest's clocks go forward is as long as it is.
    assert runs_at(datetime(2027, 3, 27, 22, 0, tzinfo=UTC), "2027-03-28", "2027-03-28", "Europe/Bucharest")
    assert not runs_at(datetime(2027, 3, 28, 21, 0, tzinfo=UTC), "2027-03-28", "2027-03-28", "Europe/Bucharest")
    assert runs_at(new_year, None, None, "UTC")


def test_capitals_and_blanks_make_no_other_code() -> None:
    assert {normalised(code) for code in ("spring10", " SPRING10 ", "\uff33pring10", "\u00a0Spring10")} == {"SPRING10"}
    for wrong in ({"kind": "percentage"}, {"kind": "fixed", "amount_minor": 5}, {"kind": "bogo", "buy_quantity": 1}):
        with pytest.raises(ValueError, match="must be"):
            PromoRule(**wrong)
    with pytest.raises(ValueError, match="line"):
        OrderLine(unit_minor=-1)
