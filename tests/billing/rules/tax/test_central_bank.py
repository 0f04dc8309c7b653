"""When central banks tell, from when it holds, and what a pair comes to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.tax.central_bank import BANKS, BNR, ECB, Bank, bank_of, due_again, pair_rate
from billing.rules.tax.exchange import middle_rate, moved_more, quotient

_FRIDAY, _SATURDAY, _MONDAY = date(2027, 3, 5), date(2027, 3, 6), date(2027, 3, 8)


@pytest.mark.requirement("TAX-5")
@pytest.mark.parametrize(
    ("bank", "at", "told_on"),
    [
        (BNR, datetime(2027, 3, 5, 11, 4, tzinfo=UTC), date(2027, 3, 4)),
        (BNR, datetime(2027, 3, 5, 11, 5, tzinfo=UTC), _FRIDAY),  # 13:05 in winter
        (BNR, datetime(2027, 7, 2, 10, 5, tzinfo=UTC), date(2027, 7, 2)),  # and in summer
        (BNR, datetime(2027, 3, 7, 12, tzinfo=UTC), _FRIDAY),
        (BNR, datetime(2027, 3, 8, 8, tzinfo=UTC), _FRIDAY),
        (ECB, datetime(2027, 3, 5, 15, 4, tzinfo=UTC), date(2027, 3, 4)),
        (ECB, datetime(2027, 3, 5, 15, 5, tzinfo=UTC), _FRIDAY),
    ],
)
def test_which_day_is_told_by_when(bank: Bank, at: datetime, told_on: date) -> None:
    assert bank.told_by(at) == told_on


@given(st.sampled_from(sorted(BANKS)), st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_what_is_told_next_is_told_then(name: str, at: datetime) -> None:
    bank = BANKS[name]
    then = bank.tells_next(at)
    assert at < then <= at + timedelta(days=4)
    assert bank.told_by(at) < bank.told_by(then) == bank.today(then)
    assert bank.told_by(then - timedelta(seconds=1)) == bank.told_by(at)
    assert bank.day_before(bank.told_by(then)) == bank.told_by(at)


@pytest.mark.requirement("TAX-5")
def test_from_when_it_holds_and_whose_it_is() -> None:
    assert (BNR.holds_from(_FRIDAY), ECB.holds_from(_FRIDAY)) == (_SATURDAY, _FRIDAY)
    assert [bank_of(currency).name for currency in ("RON", "EUR", "CZK", "USD")] == ["BNR", "ECB", "ECB", "ECB"]


@pytest.mark.requirement("TAX-5")
@pytest.mark.parametrize(
    ("bank", "base", "quote", "expected"),
    [
        (BNR, "EUR", "RON", "5.2447"),
        (BNR, "HUF", "RON", "0.013071"),
        (BNR, "EUR", "USD", None),  # lei only
        (BNR, "SEK", "RON", None),
        (ECB, "EUR", "USD", "1.0512"),
        (ECB, "USD", "EUR", "0.951293760"[:-1]),  # no zeros at the end
        (ECB, "IDR", "EUR", "0.000057808"),
        (ECB, "USD", "HUF", "370.590753425"),
        (ECB, "SEK", "EUR", None),
        (ECB, "USD", "SEK", None),
        (ECB, "ZZZ", "EUR", None),  # no rate at all
    ],
)
def test_what_a_pair_comes_to(bank: Bank, base: str, quote: str, expected: str | None) -> None:
    told = {
        "BNR": {"EUR": "5.2447", "HUF": "0.013071"},
        "ECB": {"USD": "1.0512", "HUF": "389.565", "IDR": "17298.72", "ZZZ": "-"},
    }[bank.name]
    assert pair_rate(bank, told, base, quote) == expected


@pytest.mark.requirement("TAX-5")
def test_quotients_are_rounded_half_up_once() -> None:
    assert quotient("1", "8") == "0.125"
    assert quotient("0.000000001", "2") == "0.000000001"
    assert quotient("10", "1") == "10"
    with pytest.raises(ValueError, match="is no rate"):
        quotient("0.000000001", "3")
    with pytest.raises(ValueError, match="is no rate"):
        quotient("999999999", "0.1")


_RATES = st.integers(1, 10**12).map(lambda units: f"{units // 10**6}.{units % 10**6:06}")


@pytest.mark.requirement("TAX-5")
@given(_RATES, _RATES)
def test_a_quotient_is_exact_to_half_of_its_last_decimal(above: str, below: str) -> None:
    exact = Fraction(above) / Fraction(below)
    try:
        found = Fraction(quotient(above, below))
    except ValueError:
        assert exact < Fraction(1, 2 * 10**9) or exact >= 10**9 - 1
        return
    assert -Fraction(1, 2 * 10**9) < found - exact <= Fraction(1, 2 * 10**9)


@pytest.mark.requirement("TAX-5")
@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [("5", "6", False), ("5", "6.000000001", True), ("5", "4", False), ("5", "3.999999999", True), ("5.09", "50.9", True)],
)
def test_a_fifth_is_believed_and_no_more(before: str, after: str, moved: bool) -> None:
    assert moved_more(before, after, (1, 5)) is moved


def test_the_middle_one_is_no_misprint() -> None:
    assert middle_rate(["5.09", "50.9", "5.1"]) == "5.1"
    assert middle_rate(["5.09"]) == "5.09"
    with pytest.raises(ValueError, match="no rates"):
        middle_rate([])


@pytest.mark.requirement("TAX-5")
def test_a_silent_bank_is_asked_ever_more_seldom_until_it_tells_again() -> None:
    at = datetime(2027, 3, 5, 11, 5, tzinfo=UTC)
    waits = [due_again(tries, at, BNR) - at for tries in range(1, 9)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(minutes=50), timedelta(hours=6))
    early = datetime(2027, 3, 5, 10, 0, tzinfo=UTC)
    assert due_again(8, early, BNR) == datetime(2027, 3, 5, 11, 5, tzinfo=UTC)
