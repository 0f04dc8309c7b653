"""Stripe `payment_intent.*`: a payment as a whole (PAY-1)."""

from __future__ import annotations

from collections.abc import Sequence

from billing.operations.expect_news import expect_news
from billing.operations.record_charge import record_charge
from billing.operations.record_payment import record_payment
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.payment import ChargeFact, PaymentFact
from providers.stripe.shapes.payment import charges_of_intent, payment_intent

AHEAD = expect_news


def facts(event: Event) -> Sequence[PaymentFact | ChargeFact]:
    """The payment, and the charges that old versions list in it."""
    return [payment_intent(event), *charges_of_intent(event)]


def _mirrored(unit: UnitOfWork, fact: PaymentFact | ChargeFact) -> None:
    """The payment as this event shows it; its outcome is decided in one place, whichever event comes first."""
    if isinstance(fact, ChargeFact):
        record_charge(unit, fact)
    else:
        record_payment(unit, fact)


created = processing = requires_action = amount_capturable_updated = partially_funded = _mirrored
succeeded = payment_failed = canceled = fetched = _mirrored
