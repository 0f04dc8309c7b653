"""What can be chosen about the stand-in: fees, delays, and what it lets go negative."""

from __future__ import annotations

from dataclasses import dataclass, field

_ONE = 10**2
MINIMUM = {
    "aed": 200, "aud": 50, "bgn": _ONE, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30,
    "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "pln": 200,
    "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
"""The smallest charge per currency, as Stripe's page on supported currencies has it; others have none here."""


@dataclass(slots=True)
class Config:
    """All amounts in minor units, times in seconds."""

    fee_basis_points: int = 150
    fee_fixed: int = 25
    fee_fixed_by_currency: dict[str, int] = field(default_factory=dict)
    dispute_fee: int = 1500
    dispute_fee_returned: bool = False
    """Whether a won dispute's fee comes back."""
    available_after_s: int = 2 * 86400
    payout_after_s: int = 2 * 86400
    evidence_within_s: int = 7 * 86400
    payouts: str = "manual"
    """The platform's payouts: `manual` or `daily`."""
    accounts_ready: bool = False
    """Whether a new connected account can do everything at once."""
    allow_negative: bool = True
    """Whether refunds and reversals may take more than a balance holds."""
    key_life_s: int = 24 * 3600

    def fee(self, amount: int, currency: str) -> int:
        """The processing fee of a charge, half-up."""
        fixed = self.fee_fixed_by_currency.get(currency, self.fee_fixed)
        return min(amount, (amount * self.fee_basis_points + 5000) // 10000 + fixed)
