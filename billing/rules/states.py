"""Statuses of customers' side objects as tables; the form and the reading of legality are those of `states_money_out`.

The CHECK constraints of migrations 0040 to 0045 list the same words, and tests compare them.
"""

from __future__ import annotations

from billing.rules.states_money_out import UNKNOWN, Statuses

SUBSCRIPTION = Statuses(
    of="subscription",
    order={
        "pending": (0, 0),
        UNKNOWN: (1, 0),
        "trialing": (1, 1),
        "active": (1, 2),
        "pending_renewal": (1, 3),
        "past_due": (1, 4),
        "unpaid": (1, 5),
        "paused": (1, 6),
        "cancelled": (2, 0),
        "expired": (2, 1),
    },
    said_as={"canceled": "cancelled", "incomplete": "pending", "incomplete_expired": "expired"},
)
"""SUB-1, SUB-2. `pending_renewal` is ours alone (SUB-7)."""

INVOICE = Statuses(
    of="invoice",
    order={
        "draft": (0, 0),
        UNKNOWN: (1, 0),
        "pending": (1, 1),
        "uncollectible": (1, 2),
        "void": (2, 0),
        "paid": (2, 1),
    },
    said_as={"open": "pending"},
)
"""INV-2. An uncollectible invoice may still be paid at Stripe, so it is not final while the provider bills."""

PAYMENT = Statuses(
    of="payment",
    order={
        "pending": (0, 0),
        UNKNOWN: (1, 0),
        "requires_action": (1, 1),
        "processing": (1, 2),
        "failed": (1, 3),
        "authorised": (1, 4),
        "cancelled": (1, 5),
        "succeeded": (2, 0),
    },
    said_as={
        "requires_payment_method": "pending",
        "requires_confirmation": "pending",
        "requires_capture": "authorised",
        "canceled": "cancelled",
    },
)
"""PAY-1. Only success is final: money that came is never dropped, even if the payment had been cancelled before.

A try that failed may be followed by another one, which may need the payer's action again: all of these are one phase.
"""

CHARGE = Statuses(
    of="charge",
    order={
        "pending": (0, 0),
        UNKNOWN: (1, 0),
        "authorised": (1, 1),
        "failed": (1, 2),
        "cancelled": (1, 3),
        "succeeded": (2, 0),
    },
    said_as={"paid": "succeeded"},
)
"""`cancelled`: what was authorised has been released untaken, or the authorisation ran out."""

CHECKOUT = Statuses(
    of="checkout",
    order={"open": (0, 0), UNKNOWN: (1, 0), "expired": (1, 1), "complete": (2, 0)},
    said_as={},
)

ALL = (SUBSCRIPTION, INVOICE, PAYMENT, CHARGE, CHECKOUT)
