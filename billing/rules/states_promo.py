"""Statuses of campaigns, promo codes and their uses, and which moves of a use there are (PROMO-1, PROMO-5).

The CHECK constraints of migration 0092 list the same words, and tests compare them.
"""

from __future__ import annotations

from collections.abc import Mapping

from billing.rules.states_money_out import Statuses

CAMPAIGN = Statuses(of="campaign", order={"active": (1, 0), "ended": (2, 0)}, said_as={})

PROMO_CODE = Statuses(of="promo_code", order={"active": (1, 0), "withdrawn": (1, 1)}, said_as={})
"""A code that leaked is withdrawn; issued again, it is active again."""

PROMO_REDEMPTION = Statuses(
    of="promo_redemption",
    order={"reserved": (1, 0), "consumed": (1, 1), "released": (1, 2), "expired": (1, 3)},
    said_as={},
)

HELD = frozenset({"reserved", "consumed"})
"""In these a redemption has a use of its code, campaign and customer; the counters change where it enters or leaves them."""

REDEMPTION_MOVES: Mapping[str, frozenset[str]] = {
    "reserved": frozenset({"consumed", "released", "expired"}),
    "consumed": frozenset({"released"}),
    "released": frozenset({"reserved", "consumed"}),
    "expired": frozenset({"reserved", "consumed"}),
}
"""What was given back may be taken again, if there is a use left: a payment is tried again, or succeeds late."""
