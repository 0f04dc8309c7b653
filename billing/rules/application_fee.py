"""What the platform keeps of a payment (PAY-4): a share in basis points, half-up, in integers only (trap T1)."""

from __future__ import annotations

from billing.rules.money import AmountError, share_half_up

WHOLE = 10_000
"""Basis points of the whole: 500 are 5 %."""


def application_fee(amount_minor: int, basis_points: int) -> int:
    """The fee in minor units of the payment's currency; half a unit counts as one (2.5 is 3, where `round` says 2).

    Args:
        amount_minor: what the payer pays; not negative.
        basis_points: the platform's share, 0 to 10000; stored with the payment, so that a later change leaves it alone.

    Raises:
        AmountError: a negative amount, or a share that is none.
    """
    if amount_minor < 0 or not 0 <= basis_points <= WHOLE:
        raise AmountError(f"no fee of {basis_points} basis points can be taken of {amount_minor}")
    return share_half_up(amount_minor, basis_points, WHOLE)
