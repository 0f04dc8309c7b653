"""What a change in the middle of a period costs or gives back: integers, each line rounded half-up once (SUB-4, T5).

The base is the full value of the running period's plan, which is its price times its quantity, and never what was charged
last: a second upgrade in one month would else be billed against a prorated amount, which overcharges.
"""

from __future__ import annotations

from billing.rules.money import share_half_up


def difference(old_full_minor: int, new_full_minor: int, remaining: int, total: int) -> int:
    """(new - old) x remaining / total, in minor units; negative: he has that much coming.

    Args:
        old_full_minor: what a whole period costs until now.
        new_full_minor: what it costs from now on.
        remaining: what is left of the period.
        total: how long the whole period is, in the same unit; a short first period's whole is the cycle's.
    """
    return share_half_up(new_full_minor - old_full_minor, remaining, total)


def unused(full_minor: int, remaining: int, total: int) -> int:
    """What of a period's value is not used up yet."""
    return share_half_up(full_minor, remaining, total)


def creditable(wanted_minor: int, paid_minor: int, credited_minor: int) -> int:
    """How much of a credit may be given: never more than was paid for the period, less what it gave back before.

    A period that was discounted or given away is worth its full price to proration, but was not paid so.
    """
    return max(min(wanted_minor, paid_minor - credited_minor), 0)
