"""Statuses of our own billing as tables, and the moves of what we bill ourselves, each declared (SUB-2).

Providers' facts come in any order, so their legality is one of phases (`states`). What we decide ourselves comes in our order,
and every move that is not listed here is refused. The CHECK constraints of migration 0091 list the same words.
"""

from __future__ import annotations

from collections.abc import Mapping

from billing.rules.states_money_out import Statuses

SUBSCRIBER = Statuses(
    of="subscriber",
    order={
        "free": (1, 0),
        "trial": (1, 1),
        "pending_payment": (1, 2),
        "active": (1, 3),
        "suspended": (1, 4),
        "cancelled": (1, 5),
    },
    said_as={},
)
"""SUB-9. None is final: a customer who left may come back."""

PRODUCT = Statuses(of="product", order={"offered": (1, 0), "retired": (1, 1)}, said_as={})

OWN_SUBSCRIPTION_MOVES: Mapping[str, frozenset[str]] = {
    "pending": frozenset({"trialing", "active", "cancelled", "expired"}),
    "trialing": frozenset({"active", "past_due", "pending_renewal", "cancelled", "expired"}),
    "active": frozenset({"past_due", "pending_renewal", "paused", "unpaid", "cancelled", "expired"}),
    "past_due": frozenset({"active", "unpaid", "paused", "cancelled", "expired"}),
    "pending_renewal": frozenset({"active", "past_due", "unpaid", "cancelled", "expired"}),
    "unpaid": frozenset({"active", "past_due", "cancelled", "expired"}),
    "paused": frozenset({"active", "past_due", "pending_renewal", "cancelled", "expired"}),
    "cancelled": frozenset(),
    "expired": frozenset(),
}
"""SUB-2, of subscriptions of source `bursar`. What ended stays ended: who comes back begins another one."""

OWN_INVOICE_MOVES: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"pending", "void"}),
    "pending": frozenset({"paid", "void", "uncollectible"}),
    "paid": frozenset(),
    "void": frozenset(),
    "uncollectible": frozenset(),
}
"""INV-2, of invoices of source `bursar`: the last three are final. Money that comes later is never dropped (INV-13)."""

ALL = (SUBSCRIBER, PRODUCT)
