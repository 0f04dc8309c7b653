"""PayPal's decimal texts -> minor units, exactly: no float on the way; what does not fit is refused, never rounded."""

from __future__ import annotations

import re

from providers.errors import UnparsableBody

_TEXT = re.compile(r"(-?)([0-9]{1,18})(?:\.([0-9]{1,18}))?", re.ASCII)
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_BIGINT = 2**63


def exponent(currency: str) -> int:
    """Decimals of the currency by ISO 4217: 0, 2 or 3."""
    return 0 if currency in _NONE.split() else 3 if currency in _THREE.split() else 2


def minor_units(value: str, currency: str) -> int:
    """The amount in minor units of ISO 4217. PayPal takes no decimals of HUF, TWD and JPY; only JPY has none by ISO.

    Raises:
        UnparsableBody: it is no decimal text, is finer than the currency's minor unit, or exceeds 64 bits.
    """
    found = _TEXT.fullmatch(value)
    if found is None:
        raise UnparsableBody("an amount is not a decimal text")
    if not re.fullmatch("[A-Z]{3}", currency):
        raise UnparsableBody("a currency is not three letters")
    sign, whole, fraction = found[1], found[2], (found[3] or "").rstrip("0")
    places = exponent(currency)
    if len(fraction) > places:
        raise UnparsableBody(f"an amount in {currency} has more than {places} decimals")
    minor = int(whole + fraction.ljust(places, "0"))
    if minor >= _BIGINT:
        raise UnparsableBody("an amount exceeds 64 bits")
    return -minor if sign else minor
