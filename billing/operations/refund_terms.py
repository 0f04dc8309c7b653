"""The operator's rules for refunds, as the settings say them (REFUND-1, REFUND-3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from billing.rules.refund import FeePolicy
from core.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`approval_above_minor`: beyond it a second person has to agree; None: never."""

    window: timedelta
    fee_policy: FeePolicy
    approval_above_minor: int | None = None


def terms(settings: Settings) -> Terms:
    """The rules as they are now; a refund keeps those that it was asked for by."""
    return Terms(
        window=timedelta(days=settings.refund_window_days),
        fee_policy=settings.refund_fee_policy,
        approval_above_minor=settings.refund_approval_above_minor,
    )
