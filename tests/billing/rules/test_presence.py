"""Pairs of entering and leaving follow from the sets of moments alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from billing.rules.presence import intervals

T0 = datetime(2026, 1, 6, 9, tzinfo=UTC)
moments = st.lists(st.integers(0, 20).map(lambda minute: T0 + timedelta(minutes=minute)))


def at(minute: int) -> datetime:
    return T0 + timedelta(minutes=minute)


def test_one_stay() -> None:
    assert intervals([at(1)], [at(9)]) == [(at(1), at(9))]


def test_what_is_open_stays_open() -> None:
    assert intervals([at(1)], []) == [(at(1), None)]


def test_a_leave_whose_entry_was_never_told_is_kept() -> None:
    assert intervals([at(5)], [at(2), at(9)]) == [(None, at(2)), (at(5), at(9))]


def test_an_entry_whose_leave_was_never_told_does_not_swallow_the_next_stay() -> None:
    assert intervals([at(1), at(5)], [at(9)]) == [(at(1), None), (at(5), at(9))]


def test_left_and_back_within_one_instant() -> None:
    assert intervals([at(1), at(5)], [at(5), at(9)]) == [(at(1), at(5)), (at(5), at(9))]


def test_entered_and_left_within_one_instant() -> None:
    assert intervals([at(1)], [at(1)]) == [(at(1), at(1))]


@given(moments, moments)
def test_every_moment_stands_in_exactly_one_interval(entered: list[datetime], left: list[datetime]) -> None:
    pairs = intervals(entered, left)
    assert sorted(e for e, _ in pairs if e is not None) == sorted(set(entered))
    assert sorted(x for _, x in pairs if x is not None) == sorted(set(left))
    assert all(e <= x for e, x in pairs if e is not None and x is not None)
    assert pairs == intervals(reversed(entered), [*left, *left])
