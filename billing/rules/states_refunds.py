"""Statuses of refunds that we ask for, and of runs of many; the form is `states_money_out`'s.

The CHECK constraints of migration 0064 list the same words, and tests compare them.
"""

from __future__ import annotations

from collections.abc import Mapping

from billing.rules.states_money_out import Statuses

REFUND_REQUEST = Statuses(
    of="refund_request",
    order={
        "pending": (0, 0),
        "processing": (0, 1),
        "approved": (1, 0),
        "completed": (1, 1),
        "rejected": (2, 0),
        "cancelled": (2, 1),
        "failed": (2, 2),
    },
    said_as={},
)
"""REFUND-2. `pending`: a person has to agree. `processing`: the provider is asked. `approved`: it agreed, and the money is on its
way. Completed is not final: the payer's bank may send the money back."""

FROM_REFUND: Mapping[str, str] = {
    "pending": "approved",
    "requires_action": "approved",
    "succeeded": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}
"""Status of the provider's refund -> of its request. `unknown` leaves it as it was."""

REFUND_BATCH = Statuses(of="refund_batch", order={"asked": (0, 0), "running": (0, 1), "done": (1, 0)}, said_as={})
"""REFUND-10. `done`: each item was asked for or refused; how the refunds go on, they say themselves."""

REFUND_ITEM = Statuses(of="refund_item", order={"open": (0, 0), "requested": (1, 0), "refused": (1, 1)}, said_as={})

ALL = (REFUND_REQUEST, REFUND_BATCH, REFUND_ITEM)
