"""Keeps `refunded_minor` of a charge or a payment true, whatever spoke last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.rules.refunded import refunded_minor, released_minor
from models.charge import Charge
from models.payment import Payment


def derive_refunded(
    row: Charge | Payment, said_minor: int | None, shares: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Recompute what went back of a locked row: of a charge by its refunds, of a payment by its charges.

    Args:
        row: the charge or payment.
        said_minor: the cumulative amount that the provider itself said of it, in minor units.
        shares: what has just been recorded of its parts.
    """
    merged = {**(row.refund_shares or {}), **(shares or {})}
    if merged != (row.refund_shares or {}):
        row.refund_shares = merged
    total = refunded_minor(said_minor, merged)
    if isinstance(row, Charge):
        total = max(0, total - released(row))
    if row.refunded_minor != total:
        row.refunded_minor = total


def released(charge: Charge) -> int:
    """What of a charge at Stripe was authorised and never taken, in minor units."""
    if charge.source != "stripe":
        return 0
    return released_minor(charge.amount_minor, charge.amount_captured_minor, charge.amount_refunded_minor)
