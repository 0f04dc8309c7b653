"""What is asked for, kept and refused when Bursar takes money: fees, minimum charges, methods per country, tags."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billing.rules.application_fee import application_fee
from billing.rules.minimum_charge import minimum_charge
from billing.rules.money import AmountError, exponent
from billing.rules.payment_methods import METHODS, methods_in, offered
from billing.rules.request_tag import REQUEST, SUBMISSION, request_named
from providers.submission import TAG_REQUEST, TAG_SUBMISSION


@pytest.mark.requirement("PAY-4", "PAY-5")
@given(st.sampled_from(["EUR", "JPY", "KWD"]), st.integers(0, 100_000_000), st.integers(0, 10_000))
@example("EUR", 50, 500)
@example("JPY", 10, 500)
@example("KWD", 30, 500)
def test_a_fee_is_half_up_in_the_smallest_unit_of_any_currency(currency: str, amount: int, rate: int) -> None:
    fee = application_fee(amount, rate)

    exact = Fraction(amount * rate, 10_000)
    assert exact - Fraction(1, 2) < fee <= exact + Fraction(1, 2)
    assert 0 <= fee <= amount
    assert exponent(currency) in (0, 2, 3)
    assert application_fee(amount, 10_000) == amount


@pytest.mark.requirement("PAY-4")
@pytest.mark.parametrize(("amount", "fee"), [(50, 3), (10, 1), (30, 2), (9, 0), (1000, 50), (1010, 51), (100_000_000, 5_000_000)])
def test_half_a_unit_counts_as_one(amount: int, fee: int) -> None:
    """2.5 is 3 (50 at 5 %), where Python's `round` says 2 (trap T1)."""
    assert application_fee(amount, 500) == fee


def test_what_is_no_share_is_refused() -> None:
    for amount, rate in ((-1, 500), (100, -1), (100, 10_001)):
        with pytest.raises(AmountError, match="basis points"):
            application_fee(amount, rate)


@pytest.mark.requirement("PAY-17")
def test_the_least_that_a_provider_charges() -> None:
    assert (minimum_charge("stripe", "EUR"), minimum_charge("stripe", "JPY"), minimum_charge("stripe", "HUF")) == (50, 50, 17_500)
    assert (minimum_charge("stripe", "KWD"), minimum_charge("paypal", "EUR"), minimum_charge("manual", "EUR")) == (1, 1, 1)


@pytest.mark.requirement("PAY-15")
def test_which_method_in_which_country() -> None:
    assert methods_in("DE") == ["card", "paypal"]
    assert methods_in("PK") == ["bank_transfer"]
    assert offered("card", "DE")
    assert not offered("card", "PK")
    assert not offered("bank_transfer", "DE")
    assert not offered("cheque", "DE")
    assert all(offered(method, None) for method in METHODS)
    with pytest.raises(ValueError, match="country"):
        offered("card", "Germany")


def test_an_object_names_its_request_and_attempt() -> None:
    assert (REQUEST, SUBMISSION) == (TAG_REQUEST, TAG_SUBMISSION)
    named = request_named({REQUEST: "payment_request:order:17", SUBMISSION: "payment_intent.create:0af3:2"})
    assert named == ("payment_request", "order:17", 2)
    assert request_named({REQUEST: "payment_request:x"}) == ("payment_request", "x", 1)
    strange: list[Any] = [None, {}, {REQUEST: 7}, {REQUEST: "payment_request"}, {REQUEST: ":x"}, {REQUEST: "payment_request:"}]
    assert [request_named(metadata) for metadata in strange] == [None] * 6
