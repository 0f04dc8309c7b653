"""Stripe `invoice_payment.paid`: which payment paid which invoice."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.record_payment import record_payment
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.payment import PaymentFact
from providers.stripe.shapes.invoice import invoice_payment


def facts(event: Event) -> Sequence[PaymentFact]:
    """The payment with its invoice; none when it was paid outside Stripe."""
    return invoice_payment(event)


def paid(unit: UnitOfWork, fact: PaymentFact) -> None:
    """Link the payment to its invoice."""
    record_payment(unit, fact)
