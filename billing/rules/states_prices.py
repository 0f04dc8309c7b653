"""Statuses of assigned prices, of notices of a change, and of moves from one version to another (PRICE-3 to PRICE-9).

The CHECK constraints of migration 0098 list the same words, and tests compare them.
"""

from __future__ import annotations

from billing.rules.states_money_out import Statuses

PRICE_ASSIGNMENT = Statuses(of="price_assignment", order={"active": (1, 0), "expired": (1, 1)}, said_as={})
"""One that has expired may be given anew."""

PRICE_NOTICE = Statuses(
    of="price_notice",
    order={"no_address": (0, 0), "asked": (1, 0), "failed": (1, 1), "delivered": (2, 0)},
    said_as={},
)
"""A mail that failed for good may be sent again by an operator; one that went out stays so."""

PRICE_MIGRATION = Statuses(of="price_migration", order={"running": (0, 0), "stopped": (0, 1), "done": (1, 0)}, said_as={})

PRICE_MOVE = Statuses(
    of="price_move",
    order={
        "planned": (0, 0),
        "awaiting_approval": (0, 1),
        "provider_change_needed": (0, 2),
        "shadow": (1, 0),
        "kept": (1, 1),
        "moved": (1, 2),
    },
    said_as={},
)
"""`planned`: the next period that may cost more does. `awaiting_approval`: the payer has to agree at his provider (PRICE-9)."""
