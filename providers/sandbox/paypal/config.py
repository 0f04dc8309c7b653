"""What can be chosen about the stand-in: fees, how late reports are, and what becomes of payouts."""

from __future__ import annotations

from dataclasses import dataclass, field

HOUR_S, DAY_S = 3600, 86400


@dataclass(slots=True)
class Config:
    """All amounts in minor units, times in seconds."""

    fee_basis_points: int = 349
    fee_fixed: int = 49
    payout_fee: int = 25
    dispute_fee: int = 1500
    reports_late_s: int = 0
    """How long a movement is missing from the reports (PayPal: up to 3 h)."""
    funds: dict[str, int] | None = None
    """Currency -> what payouts may take; null: without end."""
    payout_outcomes: dict[str, str] = field(default_factory=dict)
    """Receiver -> what becomes of the item: SUCCESS (the default), UNCLAIMED, FAILED, RETURNED, ONHOLD, BLOCKED, PENDING."""
    payouts_know_request_ids: bool = True
    """False: only `sender_batch_id` guards payouts, as PayPal was seen to do."""
    orders_life_s: int = 6 * HOUR_S
    payments_life_s: int = 45 * DAY_S
    payouts_life_s: int = 30 * DAY_S
    v1_life_s: int = 30 * DAY_S
    subscriptions_life_s: int = 3 * DAY_S
    token_life_s: int = 32400
    reports_most: int = 10_000
    """Rows that a window of the reports may have."""

    def fee(self, amount: int) -> int:
        """The processing fee of a capture or sale, half-up."""
        return min(amount, (amount * self.fee_basis_points + 5000) // 10000 + self.fee_fixed)
