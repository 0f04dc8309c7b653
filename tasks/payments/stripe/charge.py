"""Stripe `charge.*`: one try to take a payment's money, and what went back of it."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.expect_news import expect_news
from billing.operations.record_charge import record_charge
from billing.operations.record_payment import record_payment
from billing.operations.record_refund import record_refund
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.payment import ChargeFact, PaymentFact
from billing.rules.facts.refund import RefundFact
from providers.stripe.shapes.payment import charge
from providers.stripe.shapes.refund import refunds_of_charge

AHEAD = expect_news


def facts(event: Event) -> Sequence[ChargeFact | PaymentFact | RefundFact]:
    """The charge, its payment if it has no other, and the refunds that old versions list in it (REFUND-6)."""
    return [*charge(event), *refunds_of_charge(event)]


def _mirrored(unit: UnitOfWork, fact: ChargeFact | PaymentFact | RefundFact) -> None:
    """The charge as this event shows it; a dashboard's refund is absorbed here."""
    if isinstance(fact, ChargeFact):
        record_charge(unit, fact)
    elif isinstance(fact, PaymentFact):
        record_payment(unit, fact)
    else:
        record_refund(unit, fact)


succeeded = failed = pending = captured = expired = updated = refunded = fetched = _mirrored
