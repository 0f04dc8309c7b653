"""PayPal's decimal texts are exact minor units, or refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.money import format_minor, provider_exponent
from providers.errors import UnparsableBody
from providers.paypal.decimals import minor_units


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [
        ("10.99", "EUR", 1099),
        ("-2.47", "USD", -247),
        ("0.00", "EUR", 0),
        ("5", "EUR", 500),
        ("7.5", "EUR", 750),
        ("1000", "JPY", 1000),
        ("1000.00", "JPY", 1000),
        ("1000", "HUF", 1000),
        ("10.00", "TWD", 10),
        ("1.234", "KWD", 1234),
        ("92233720368547758.07", "EUR", 2**63 - 1),
    ],
)
def test_exact(value: str, currency: str, minor: int) -> None:
    assert minor_units(value, currency) == minor


@pytest.mark.parametrize(
    ("value", "currency"),
    [
        ("10.999", "EUR"), ("10.5", "HUF"), ("0.5", "JPY"), ("1e3", "EUR"), ("1,00", "EUR"), (" 1", "EUR"), ("", "EUR"), (".5", "EUR"),
        ("NaN", "EUR"), ("Infinity", "EUR"), ("--1", "EUR"), ("+1", "EUR"), ("1.", "EUR"),
        ("92233720368547758.08", "EUR"), ("9" * 5000, "EUR"), ("1.00", "eur"), ("1.00", "EURO"), ("٣", "EUR"),
    ],
)  # fmt: skip
def test_refused(value: str, currency: str) -> None:
    with pytest.raises(UnparsableBody):
        minor_units(value, currency)


@given(st.integers(-(2**63) + 1, 2**63 - 1), st.sampled_from(["EUR", "JPY", "KWD", "HUF"]))
def test_every_amount_comes_back(minor: int, currency: str) -> None:
    assert minor_units(format_minor(minor, provider_exponent("paypal", currency)), currency) == minor


@given(st.text(max_size=12))
def test_any_text_is_money_or_the_named_error(value: str) -> None:
    with contextlib.suppress(UnparsableBody):
        assert type(minor_units(value, "EUR")) is int
