"""What PayPal's report may say of a payout beside each of our statuses, so that two words for one thing are no finding.

The report shows how the money moved and our row what became of the item: money that nobody has claimed yet has left our balance
like money that arrived.
"""

from __future__ import annotations

from collections.abc import Mapping

from billing.rules.states_money_out import UNKNOWN

WAITS, WENT_OUT, CAME_BACK, REFUSED = "in_transit", "paid", "returned", "failed"
"""What a movement can have come to, as a status of ours: pending there, done, given back by a movement of its own, denied."""

SHOWN_AS: Mapping[str, frozenset[str]] = {
    "pending": frozenset({WAITS}),
    # Unclaimed, held, or still being processed: taken from our balance, and perhaps shown as pending there too.
    "on_hold": frozenset({WAITS, WENT_OUT}),
    "in_transit": frozenset({WAITS, WENT_OUT}),
    "paid": frozenset({WENT_OUT}),
    # Blocked items, and some that failed, had left before.
    "failed": frozenset({CAME_BACK, REFUSED}),
    "returned": frozenset({CAME_BACK}),
    "cancelled": frozenset({CAME_BACK}),
    # A word of PayPal's that is new to us says nothing against any movement.
    UNKNOWN: frozenset({WAITS, WENT_OUT, CAME_BACK, REFUSED}),
}
"""Our status -> what the report shows of such a payout."""

NOT_SENT = frozenset({"pending", "on_hold", "in_transit"})
"""In these a payout without a transaction of its own has not left the balance yet, although it is booked as on its way."""
