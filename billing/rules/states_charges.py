"""Statuses of our own intentions to take money, and of what was granted for it; the form is that of `states_money_out`.

The CHECK constraints of migration 0063 list the same words, and tests compare them.
"""

from __future__ import annotations

from collections.abc import Mapping

from billing.rules.states_money_out import Statuses

PAYMENT_REQUEST = Statuses(
    of="payment_request",
    order={
        "pending": (1, 0),
        "requires_action": (1, 1),
        "processing": (1, 2),
        "failed": (1, 3),
        "cancelled": (1, 4),
        "succeeded": (2, 0),
        "carried_over": (2, 1),
    },
    said_as={},
)
"""Only money that came, or a debt that the customer's balance took over (PAY-17), is final: what failed may be tried again,
and money may come for what was cancelled. `requires_action`: the payer must do something at the provider."""

FROM_PAYMENT: Mapping[str, str] = {
    "pending": "pending",
    "requires_action": "requires_action",
    "processing": "processing",
    "authorised": "processing",
    "failed": "failed",
    "cancelled": "cancelled",
    "succeeded": "succeeded",
}
"""Status of the payment -> of its request. A word that we don't know (`unknown`) leaves the request as it was."""

CHECKOUT_REQUEST = Statuses(
    of="checkout_request",
    order={
        "pending": (0, 0),
        "failed": (1, 0),
        "open": (1, 1),
        "approved": (1, 2),
        "expired": (1, 3),
        "completed": (2, 0),
    },
    said_as={},
)
"""PAY-18. `open`: the payer may go to its URL. `approved`: he agreed at PayPal, and the money is being taken. A purchase may
complete after it expired here, where the provider was quicker than its own notice."""

CUSTOMER_REQUEST = Statuses(
    of="customer_request",
    order={"pending": (0, 0), "failed": (1, 0), "created": (2, 0)},
    said_as={},
)

FULFILMENT = Statuses(
    of="fulfilment",
    order={"granted": (1, 0), "revoked": (1, 1)},
    said_as={},
)
"""A refund that fails later, or a dispute that is won, gives it back."""
