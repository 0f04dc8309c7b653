"""How much may be paid out: never more than is there, less what is promised, held or owed; thresholds in three kinds of units."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.payout import Funds, decide, held_minor, payable_in_whole_units
from billing.rules.reversible import reversible_minor

MINOR = st.integers(-(10**9), 10**9)
POSITIVE = st.integers(0, 10**9)
PARTS = st.tuples(st.integers(1, 10**6), st.sampled_from(("requested", "made", "failed")))
CURRENCIES = ("EUR", "JPY", "KWD", "HUF")


@st.composite
def holds(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Open holds of any kind."""
    found: dict[str, dict[str, Any]] = {}
    for number in range(draw(st.integers(0, 3))):
        currency = draw(st.sampled_from((None, *CURRENCIES)))
        amount = None if currency is None else draw(st.none() | st.integers(1, 10**9))
        found[f"h{number}"] = {"reason": "operator", "currency": currency, "amount_minor": amount}
    return found


@pytest.mark.requirement("PAYOUT-1", "PAYOUT-3", "PAYOUT-4")
@given(st.sampled_from(CURRENCIES), MINOR, MINOR, POSITIVE, POSITIVE, holds(), POSITIVE, st.none() | st.integers(1, 10**9))
def test_what_is_paid_out_is_free_and_enough(
    currency: str,
    available: int,
    pending: int,
    promised: int,
    owed: int,
    held: dict[str, dict[str, Any]],
    minimum: int,
    asked: int | None,
) -> None:
    funds = Funds(available, pending, promised, owed)
    found = decide("stripe", currency, funds, held, minimum_minor=minimum, asked_minor=asked)
    kept = held_minor(held, currency)
    if found.outcome == "pay":
        assert kept is not None
        assert min(available, available + pending) >= 0
        assert found.amount_minor >= max(1, minimum)
        assert found.netted_minor == min(owed, max(0, available - promised))
        assert found.amount_minor + promised + kept + found.netted_minor <= available
        assert asked in (None, found.amount_minor)
    else:
        assert found.amount_minor == 0
    if available < 0 or available + pending < 0:
        assert (found.outcome, found.netted_minor) == ("negative", 0)
    elif kept is None:
        assert (found.outcome, found.netted_minor) == ("held", 0)


@pytest.mark.requirement("PAYOUT-3")
@pytest.mark.parametrize(("currency", "minimum"), [("EUR", 2_500), ("JPY", 3_000), ("KWD", 10_000)])
def test_the_threshold_counts_in_the_currency_s_own_units(currency: str, minimum: int) -> None:
    below = decide("stripe", currency, Funds(minimum - 1), {}, minimum_minor=minimum)
    assert (below.outcome, below.limit_minor) == ("below_minimum", minimum)
    assert decide("stripe", currency, Funds(minimum), {}, minimum_minor=minimum).amount_minor == minimum
    other = {"h": {"reason": "dispute", "currency": "USD", "amount_minor": None}}
    assert decide("stripe", currency, Funds(minimum), other, minimum_minor=minimum).outcome == "pay"


@pytest.mark.requirement("PAYOUT-4")
def test_each_reason_not_to_pay_has_its_name() -> None:
    part = {"dispute:dp_1": {"reason": "dispute", "currency": "EUR", "amount_minor": 900}}

    def outcome(available: int, asked: int | None = None, *, pending: int = 0, promised: int = 0) -> str:
        return decide("stripe", "EUR", Funds(available, pending, promised), part, minimum_minor=50, asked_minor=asked).outcome

    assert outcome(1_000) == "pay"
    assert outcome(1_000, 101) == "held"
    assert outcome(1_000, 1_001) == "insufficient"
    assert outcome(900) == "held"
    assert outcome(940) == "below_minimum"
    assert outcome(1_000, promised=1_000) == "nothing"
    assert outcome(1_000, pending=-1_001) == "negative"
    assert outcome(-1) == "negative"


@pytest.mark.requirement("REFUND-4")
def test_what_is_owed_is_taken_back_before_anything_is_paid_out() -> None:
    found = decide("stripe", "EUR", Funds(1_000, owed_minor=300), {}, minimum_minor=1)
    assert (found.outcome, found.amount_minor, found.netted_minor) == ("pay", 700, 300)
    found = decide("stripe", "EUR", Funds(1_000, owed_minor=5_000), {}, minimum_minor=1)
    assert (found.outcome, found.netted_minor) == ("nothing", 1_000)


@pytest.mark.requirement("PAYOUT-3", "PAY-5")
def test_some_currencies_are_paid_out_in_whole_units() -> None:
    assert decide("stripe", "HUF", Funds(12_345), {}, minimum_minor=1).amount_minor == 12_300
    assert decide("paypal", "HUF", Funds(12_345), {}, minimum_minor=1).amount_minor == 12_345
    assert not payable_in_whole_units("stripe", "TWD", 150)
    assert payable_in_whole_units("stripe", "JPY", 7)


@pytest.mark.requirement("REFUND-4")
@given(POSITIVE, st.none() | POSITIVE, st.lists(PARTS, max_size=5))
def test_never_more_is_taken_back_than_was_transferred(amount: int, said: int | None, parts: list[tuple[int, str]]) -> None:
    ours = {f"r{number}": {"amount_minor": minor, "status": status} for number, (minor, status) in enumerate(parts)}
    left = reversible_minor(amount, said, ours)
    gone = sum(minor for minor, status in parts if status != "failed")
    assert left == 0 or left + max(gone, said or 0) <= amount
    assert left >= 0
