"""Asks the provider how a payment stands; what it answers converges like any event (PAY-1)."""

from __future__ import annotations

from collections.abc import Mapping

from billing.operations.unit import UnitOfWork
from models.payment import Payment
from providers.paypal import paths as paypal
from providers.stripe import paths as stripe


def look_at_payment(unit: UnitOfWork, payment: Payment, key: str) -> bool:
    """One look-up per payment and `key`; False for a bank transfer, which people alone can see."""
    source, payment_ref = payment.source, payment.external_id
    if source == "stripe":
        kind = payment.kind or "payment_intent"
        address: Mapping[str, str] = {"url": stripe.path(kind, payment_ref)}
    elif source == "paypal":
        kind = payment.kind or "capture"
        address = {"path": paypal.path(kind, payment_ref)}
    else:
        return False
    lane = f"{source}:{payment_ref}"
    payload = {"kind": kind, "id": payment_ref, "account": payment.account_ref, "lane": lane, **address}
    unit.send(f"{source}.fetch", f"{kind}:{payment_ref}:{key}", payload, queue="payments", lane=lane)
    return True
