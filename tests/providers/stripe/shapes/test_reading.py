"""What all of Stripe's objects have in common, where it must not be taken on trust."""

from __future__ import annotations

import pytest

from billing.rules.facts.base import UNSET
from providers.errors import UnparsableBody
from providers.stripe.shapes.reading import currency


def test_a_currency_is_three_letters_in_upper_case() -> None:
    assert currency({"currency": "eur"}) == "EUR"
    assert currency({"currency": None}) is None
    assert currency({}) is UNSET


@pytest.mark.parametrize("code", ["usdc", "us", "e1r", "euro", "€"])
def test_another_code_is_named_before_the_database_refuses_it(code: str) -> None:
    with pytest.raises(UnparsableBody, match=r"only ISO 4217's codes of three letters are kept") as caught:
        currency({"currency": code})
    assert repr(code) in str(caught.value)
