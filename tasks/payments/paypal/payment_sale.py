"""PayPal `PAYMENT.SALE.*` (v1): payments of subscriptions arrive here, and their refunds with negative totals."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.record_fact import record_fact
from billing.operations.request_fetch import request_fetch
from billing.operations.unit import UnitOfWork
from billing.rules.facts.base import Fact
from billing.rules.facts.event import Event
from billing.rules.facts.payment import PaymentFact
from billing.rules.facts.refund import RefundFact
from providers.paypal.paths import path
from providers.paypal.shapes.money_in import sale
from providers.paypal.shapes.refund import refund


def facts(event: Event) -> Sequence[Fact]:
    """Payment and charge; of `REFUNDED`, whose resource names its sale, what went back. A reversal is a sale's own."""
    return refund(event) if "sale_id" in event.object else sale(event)


def mirrored(unit: UnitOfWork, fact: Fact) -> None:
    """What this event shows, and a look at PayPal's own record of it: the body is weakly signed."""
    record_fact(unit, fact)
    if isinstance(fact, PaymentFact):
        request_fetch(unit, fact, "sale", path("sale", fact.external_id))
    elif isinstance(fact, RefundFact):
        request_fetch(unit, fact, "refund", path("sale-refund", fact.external_id))


completed = pending = denied = refunded = mirrored
reversed = mirrored  # noqa: A001 - handlers are named as their events; nothing here reverses a sequence
