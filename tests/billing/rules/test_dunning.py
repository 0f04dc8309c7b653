"""Ladders, policies, and the model of what they recover: exact, and the same twice (DUN-1, DUN-9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.dunning import BUILT_IN, HARD_DECLINES, MANUAL, STANDARD, Policy, chosen, due_times, hard
from billing.rules.dunning_model import Curve, curve_of, play, read_curve, read_days, tenths
from billing.rules.subscription_terms import GRACE

_DAYS = st.lists(st.integers(1, 60), min_size=1, max_size=8, unique=True).map(sorted)
_CURVES = st.tuples(_DAYS, st.lists(st.integers(0, 100), min_size=8, max_size=8).map(sorted)).map(
    lambda drawn: Curve(tuple((day, Fraction(share, 100)) for day, share in zip(drawn[0], drawn[1], strict=False)))
)


@pytest.mark.requirement("DUN-1")
def test_the_default_ladder_is_counted_from_the_original_failure() -> None:
    failed_at = datetime(2027, 1, 31, 9, tzinfo=UTC)
    assert STANDARD.retry_intervals_days == (1, 3, 7, 14, 30)
    assert due_times(failed_at, STANDARD.retry_intervals_days) == [failed_at + timedelta(days=day) for day in (1, 3, 7, 14, 30)]


@pytest.mark.requirement("DUN-8")
def test_trap_t8_the_thirty_days_of_cards_and_the_seven_of_manual_renewals_are_two_policies() -> None:
    assert (MANUAL.charges, MANUAL.grace_days) == (False, GRACE.days)
    assert STANDARD.charges
    assert STANDARD.terminate_after_days is not None
    assert STANDARD.terminate_after_days > 30
    assert set(BUILT_IN) == {"manual", "standard"}


@pytest.mark.requirement("DUN-9")
def test_hard_declines_are_known_by_stripes_code() -> None:
    assert len(HARD_DECLINES) == 22
    assert hard("stolen_card", "card_declined")
    assert hard(None, "expired_card")
    assert not hard("insufficient_funds", "card_declined")
    assert not hard("authentication_required", "authentication_required")


def test_a_subscribers_policy_comes_before_his_plans() -> None:
    own, plans = Policy(key="own", retry_intervals_days=(2,)), Policy(key="plans", retry_intervals_days=(3,))
    assert chosen("own", "plans", {"own": own, "plans": plans}) is own
    assert chosen("gone", "plans", {"plans": plans}) is plans
    assert chosen(None, None, {}) is STANDARD
    assert chosen("manual", "plans", {"plans": plans}) is MANUAL


@pytest.mark.parametrize(
    "values",
    [
        {"retry_intervals_days": (3, 1)},
        {"retry_intervals_days": (0,)},
        {"retry_intervals_days": (1, 30), "terminate_after_days": 20},
        {"retry_intervals_days": (), "suspend_after_days": 9, "terminate_after_days": 7},
    ],
)
def test_a_policy_whose_days_make_no_sense_is_none(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="days"):
        Policy(key="x", **values)  # type: ignore[arg-type]  # wrong on purpose


def test_days_are_read_from_the_failure_or_as_gaps() -> None:
    assert read_days("1,3,7,14,30") == ((1, 3, 7, 14, 30), False)
    assert read_days("2,5,7,7") == ((2, 7, 14, 21), True)
    assert read_days("+1,+2") == ((1, 3), True)
    for wrong in ("", "1,x", "0,3", "-1", "300,300"):
        with pytest.raises(ValueError, match="day"):
            read_days(wrong)


@given(curve=_CURVES, days=_DAYS)
def test_a_ladder_recovers_what_the_curve_has_by_its_last_day(curve: Curve, days: list[int]) -> None:
    one = play(curve, days)
    assert one.recovered == curve.share_at(days[-1])
    assert sum(one.by_try) == one.recovered
    assert min(one.by_try) >= 0
    assert 0 < one.tries <= len(days)
    assert one.days_to_money is None or days[0] <= one.days_to_money <= days[-1]
    assert play(curve, [*days[:-1], days[-1] + 1]).recovered >= one.recovered


def test_the_history_of_tries_is_a_curve() -> None:
    curve = curve_of({1: (20, 80), 3: (8, 72), 7: (0, 72)})
    assert curve.points == ((1, Fraction(1, 5)), (3, Fraction(28, 100)), (7, Fraction(28, 100)))
    assert curve.share_at(2) == Fraction(24, 100)
    assert tenths(play(curve, (1, 3)).tries) == "1.8"
    assert read_curve("1:20,7:45").share_at(4) == Fraction(325, 1000)
    with pytest.raises(ValueError, match="rise"):
        read_curve("1:20,7:10")
