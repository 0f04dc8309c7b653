"""What a provider takes at least in one charge (PAY-17): less is refused by it, again and again, so it is never sent.

Facts of the providers' own pages. Stripe lists an amount per settlement currency; in a currency that it does not list it
converts, and the bound moves with the rate: then one unit is the least that we know for sure.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from billing.rules.money import parse_minor, provider_exponent

_STRIPE: Mapping[str, str] = {
    "AED": "2.00", "AUD": "0.50", "BGN": "1.00", "BRL": "0.50", "CAD": "0.50", "CHF": "0.50", "CZK": "15.00", "DKK": "2.50",
    "EUR": "0.50", "GBP": "0.30", "HKD": "4.00", "HUF": "175.00", "INR": "0.50", "JPY": "50", "MXN": "10.00", "MYR": "2.00",
    "NOK": "3.00", "NZD": "0.50", "PLN": "2.00", "RON": "2.00", "SEK": "3.00", "SGD": "0.50", "THB": "10.00", "USD": "0.50",
}  # fmt: skip
"""Stripe, "Supported currencies", minimum charge amounts, as its page writes them."""

_BY_PROVIDER: Mapping[str, Mapping[str, str]] = {"stripe": _STRIPE, "paypal": {}}
_LEAST = 1


@cache  # of a few currencies
def minimum_charge(source: str, currency: str) -> int:
    """The smallest amount that the provider charges in this currency, in minor units."""
    said = _BY_PROVIDER.get(source, {}).get(currency)
    return _LEAST if said is None else parse_minor(said, provider_exponent(source, currency))
