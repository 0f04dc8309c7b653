"""PayPal's decimal texts -> minor units, exactly, in PayPal's own unit; what does not fit is the payload's fault."""

from __future__ import annotations

from billing.rules.money import AmountError, parse_minor, provider_exponent
from providers.errors import UnparsableBody

_BIGINT = 2**63


def minor_units(value: str, currency: str) -> int:
    """The amount in PayPal's smallest unit of the currency: hundredths, but whole HUF, TWD and JPY.

    Raises:
        UnparsableBody: no decimal text, no currency, finer than the currency's unit, or more than 64 bits hold.
    """
    try:
        minor = parse_minor(value, provider_exponent("paypal", currency))
    except AmountError as error:
        raise UnparsableBody(str(error)) from None
    if abs(minor) >= _BIGINT:
        raise UnparsableBody("an amount exceeds 64 bits")
    return minor
