"""Statuses of what we ask providers for: request rows, whose moves are ours and follow what the provider then says.

Phases as in `states_money_out`: 0 while nothing is known to have happened, 1 once the provider did it, 2 where nothing more
follows. The CHECK constraints of the requests' migrations list the same words, and tests compare them.
"""

from __future__ import annotations

from billing.rules.states_money_out import Statuses

TRANSFER_REQUEST = Statuses(
    of="transfer_request",
    order={"waiting": (0, 0), "requested": (0, 1), "failed": (0, 2), "made": (1, 0), "cancelled": (2, 0)},
    said_as={},
)
"""PAYOUT-5. `waiting`: the account may not be given money just now. A failed one may be asked for again, as another attempt."""

TRANSFER_REVERSAL_REQUEST = Statuses(
    of="transfer_reversal_request",
    order={"requested": (0, 0), "made": (1, 0), "failed": (2, 0)},
    said_as={},
)
"""REFUND-4, DISPUTE-1. One that failed stays so: what the account owes becomes a receivable."""

PAYOUT_REQUEST = Statuses(
    of="payout_request",
    order={
        "checking": (0, 0),
        "requested": (0, 1),
        "in_transit": (1, 0),
        "paid": (1, 1),
        "refused": (2, 0),
        "cancelled": (2, 1),
        "returned": (2, 2),
        "failed": (2, 3),
    },
    said_as={},
)
"""PAYOUT-1. `checking`: the provider is asked for the balance first. `refused`: by our own rules, nothing was called.

Paid is not final (PAYOUT-6).
"""

PAYOUT_TURN = Statuses(
    of="payout_turn",
    order={"checking": (0, 0), "done": (1, 0)},
    said_as={},
)
"""PAYOUT-2, PAYOUT-7: one account's turn at one scheduled date."""

PAYOUT_HOLD = Statuses(
    of="payout_hold",
    order={"open": (1, 0), "released": (1, 1)},
    said_as={},
)
"""PAYOUT-4. A dispute that is appealed opens its hold again."""

ACCOUNT_REQUEST = Statuses(
    of="account_request",
    order={"requested": (0, 0), "failed": (0, 1), "created": (1, 0)},
    said_as={},
)
"""PAYOUT-13. A refused one may be asked for again with other particulars."""

DISPUTE_CASE = Statuses(
    of="dispute_case",
    order={"open": (1, 0), "answered": (1, 1), "closed": (1, 2)},
    said_as={},
)
"""DISPUTE-3. `open`: it waits for our answer. A closed dispute may be appealed, and is open again."""

DISPUTE_RESPONSE = Statuses(
    of="dispute_response",
    order={"requested": (0, 0), "made": (1, 0), "failed": (2, 0)},
    said_as={},
)
"""PAY-2. After one that failed, another may be given, under a reference of its own."""

BANK_TRANSFER = Statuses(
    of="bank_transfer",
    order={
        "submitted": (0, 0),
        "pending_approval": (0, 1),
        "rejected": (1, 0),
        "expired": (1, 1),
        "approved": (2, 0),
    },
    said_as={},
)
"""PAY-8. Only approval is final: money that came is never dropped, so one that was rejected or has expired may still be approved."""
