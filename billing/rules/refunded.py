"""How much of a charge has gone back to its payer: one rule for what the provider says of it in two ways.

The charge says a cumulative amount, the refunds say one amount each; either may arrive first or alone, and a refund
that already counted may fail days later. The charge's amount merges by maximum (any order ends the same), so it cannot
sink when a refund fails; the refunds' rows can. Hence the rule below, a pure function of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.rules.states_money_out import REFUND_UNDONE

Shares = Mapping[str, Mapping[str, Any]]
"""Refund's id -> {"amount_minor": int, "undone": bool}, as stored with the charge."""


def share(amount_minor: int | None, status: str | None) -> dict[str, Any]:
    """What one refund adds to its charge's shares: nothing counts while its amount is unknown."""
    return {"amount_minor": amount_minor or 0, "undone": status in REFUND_UNDONE}


def refunded_minor(said_minor: int | None, shares: Shares) -> int:
    """The amount given back, in the charge's minor units.

    Args:
        said_minor: the greatest cumulative amount that the charge itself ever said, None if it said none.
        shares: its refunds as far as they are known.

    Returns:
        The greater of two lower bounds: the sum of the refunds that stand, and what the charge said less the refunds
        that were undone (failed or cancelled). While refunds are unknown, the second one leads (a refund from the
        dashboard, of which only `charge.refunded` told); once all are known, the first one is exact, because what the
        charge said never exceeds the sum of all refunds ever made of it. It is never below zero.
    """
    standing: int = sum(one["amount_minor"] for one in shares.values() if not one["undone"])
    undone: int = sum(one["amount_minor"] for one in shares.values() if one["undone"])
    return max(standing, (said_minor or 0) - undone, 0)


def released_minor(amount_minor: int | None, captured_minor: int | None, said_minor: int | None) -> int:
    """What of an authorised charge was let go of and never taken, in its minor units.

    Stripe counts that among what the charge says went back, and shows a refund of it that moved no balance. While a charge is only
    authorised, or more of it may be captured, it says less than that, and nothing counts.

    Args:
        amount_minor: what was authorised.
        captured_minor: what was taken; None: not told.
        said_minor: as of `refunded_minor`.
    """
    if amount_minor is None or captured_minor is None:
        return 0
    gap = amount_minor - captured_minor
    return gap if 0 < gap <= (said_minor or 0) else 0
