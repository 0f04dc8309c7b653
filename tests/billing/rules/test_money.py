"""Amounts: decimals of each currency, exact reading and writing, half-up, splits to the last unit."""

from __future__ import annotations

from fractions import Fraction

import pytest
from babel.numbers import get_currency_precision
from hypothesis import example, given
from hypothesis import strategies as st

from billing.rules.money import (
    AmountError,
    divide_half_up,
    exponent,
    format_minor,
    parse_minor,
    provider_exponent,
    share_half_up,
    split,
)

pytestmark = pytest.mark.requirement("PAY-5")

AMOUNTS = st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [("EUR", 2), ("USD", 2), ("RON", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("TND", 3), ("HUF", 2), ("TWD", 2)],
)
def test_the_decimals_of_a_currency(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


@pytest.mark.parametrize("currency", ["BHD", "CLP", "EUR", "IQD", "ISK", "JOD", "OMR", "PYG", "UGX", "VND", "XAF"])
def test_another_table_agrees(currency: str) -> None:
    # CLDR rounds some currencies for display (IQD, RSD...); those of ISO's table are compared.
    shown = {"IQD": 3}.get(currency, get_currency_precision(currency))
    assert exponent(currency) == shown


@pytest.mark.parametrize(
    ("source", "currency", "decimals"),
    [
        ("stripe", "ISK", 2), ("stripe", "UGX", 2), ("stripe", "MGA", 0), ("stripe", "JPY", 0), ("stripe", "HUF", 2),
        ("stripe", "TWD", 2), ("stripe", "KWD", 3), ("paypal", "HUF", 0), ("paypal", "TWD", 0), ("paypal", "EUR", 2),
        ("unheard_of", "ISK", 0),
    ],
)  # fmt: skip
def test_providers_count_some_currencies_their_own_way(source: str, currency: str, decimals: int) -> None:
    assert provider_exponent(source, currency) == decimals


@pytest.mark.parametrize("code", ["eur", "EURO", "", "E1R", "ЕUR"])
def test_what_is_no_currency_is_refused(code: str) -> None:
    with pytest.raises(AmountError, match="currency"):
        exponent(code)


@pytest.mark.parametrize(
    ("text", "decimals", "minor"),
    [
        ("12.50", 2, 1250), ("12.5", 2, 1250), ("12", 2, 1200), ("0.1", 3, 100), ("-0.05", 2, -5), ("7.000", 2, 700),
        ("7", 0, 7), ("7.0", 0, 7),
    ],
)  # fmt: skip
def test_a_decimal_text_is_read_exactly(text: str, decimals: int, minor: int) -> None:
    assert parse_minor(text, decimals) == minor


@pytest.mark.parametrize(
    "text", ["", "1,50", "1e3", " 1", "+1", ".5", "5.", "NaN", "1.234", "١", "1_0", "--1", "1.5\n"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(AmountError):
        parse_minor(text, 2)


@given(AMOUNTS, st.sampled_from([0, 2, 3]))
def test_writing_and_reading_is_the_same_amount(amount: int, decimals: int) -> None:
    assert parse_minor(format_minor(amount, decimals), decimals) == amount


@given(AMOUNTS, st.integers(1, 10**9))
@example(1, 2)
@example(-1, 2)
@example(5, 10)
def test_half_up_is_the_nearest_and_ties_go_away_from_zero(numerator: int, denominator: int) -> None:
    rounded, exact = divide_half_up(numerator, denominator), Fraction(numerator, denominator)
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)


def test_five_per_cent_rounds_once_and_up() -> None:
    assert [share_half_up(amount, 5, 100) for amount in (1, 9, 10, 11, 30, 999)] == [0, 0, 1, 1, 2, 50]


@pytest.mark.parametrize("denominator", [0, -3])
def test_dividing_by_nothing_is_refused(denominator: int) -> None:
    with pytest.raises(AmountError, match="positive"):
        divide_half_up(1, denominator)


@given(AMOUNTS, st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
def test_a_split_loses_nothing_and_is_fair_to_a_unit(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1


def test_the_rest_of_a_split_goes_to_the_largest_remainder() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(-100, [1, 1, 1]) == [-34, -33, -33]
    assert split(10, [0, 1]) == [0, 10]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_a_split_needs_weights(weights: list[int]) -> None:
    with pytest.raises(AmountError, match="weights"):
        split(1, weights)
