"""Keeps `refunded_minor` of a charge and of its payment true, whichever of refund and charge spoke last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.operations.unit import UnitOfWork
from billing.rules.refunded import payment_refs, refunded_minor, share
from models.charge import Charge
from models.payment import Payment


def derive_refunded(unit: UnitOfWork, charge: Charge, shares: Mapping[str, Mapping[str, Any]] | None = None) -> None:
    """Recompute what went back of `charge`, then of its payment; `shares` are of refunds just recorded.

    To be called after every merge into the charge (what it says, and which payment it belongs to) and into one of its
    refunds. Pure functions of merged columns throughout, so any order ends the same (REFUND-6).
    """
    _derive(charge, charge.amount_refunded_minor, shares or {})
    for payment_ref in payment_refs(charge.payment_ref, charge.refund_shares or {}):
        payment = unit.row(Payment, charge.source, payment_ref)
        _derive(payment, None, {charge.external_id: share(charge.refunded_minor, None)})


def _derive(row: Charge | Payment, said_minor: int | None, shares: Mapping[str, Mapping[str, Any]]) -> None:
    merged = {**(row.refund_shares or {}), **shares}
    if merged != (row.refund_shares or {}):
        row.refund_shares = merged
    total = refunded_minor(said_minor, merged)
    if row.refunded_minor != total:
        row.refunded_minor = total
