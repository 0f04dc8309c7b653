"""What went back of a charge: right whichever of the charge and its refunds spoke, and after a refund failed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.refunded import refunded_minor, share

pytestmark = pytest.mark.requirement("REFUND-6")

refunds = st.dictionaries(
    st.text("abc", min_size=1, max_size=2),
    st.tuples(st.integers(1, 1000), st.sampled_from(["succeeded", "pending", "failed", "cancelled", "unknown"])),
    max_size=5,
)


def shares(**told: tuple[int, str]) -> dict[str, dict[str, Any]]:
    return {name: share(*one) for name, one in told.items()}


def test_nothing_said_is_nothing_back() -> None:
    assert refunded_minor(None, {}) == 0


def test_a_dashboard_refund_that_only_the_charge_told() -> None:
    assert refunded_minor(300, {}) == 300


def test_a_refund_that_only_its_own_event_told() -> None:
    assert refunded_minor(None, shares(re_1=(300, "succeeded"))) == 300


def test_one_refund_told_twice_counts_once() -> None:
    assert refunded_minor(300, shares(re_1=(300, "succeeded"))) == 300


def test_a_refund_that_fails_after_the_charge_counted_it() -> None:
    assert refunded_minor(300, shares(re_1=(300, "failed"))) == 0


def test_a_second_refund_after_the_first_failed() -> None:
    assert refunded_minor(300, shares(re_1=(300, "failed"), re_2=(300, "succeeded"))) == 300


def test_a_failed_refund_beside_one_that_only_the_charge_told() -> None:
    assert refunded_minor(500, shares(re_1=(300, "failed"))) == 200


def test_a_refund_whose_amount_is_not_known_yet_counts_nothing() -> None:
    assert refunded_minor(None, {"re_1": share(None, "pending")}) == 0


@given(refunds, st.data())
def test_once_all_refunds_are_known_the_standing_ones_are_the_answer(
    told: dict[str, tuple[int, str]], data: st.DataObject
) -> None:
    """Stripe may or may not lower a charge's amount when a refund fails: any amount it can have said will do."""
    ever = sum(amount for amount, _ in told.values())
    said = data.draw(st.none() | st.integers(0, ever))
    standing = sum(amount for amount, status in told.values() if status not in ("failed", "cancelled"))
    assert refunded_minor(said, shares(**told)) == standing
