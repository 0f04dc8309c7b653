"""Records whichever fact it gets, for events that tell of several kinds of objects at once."""

from __future__ import annotations

from billing.operations.record_charge import record_charge
from billing.operations.record_checkout import record_checkout
from billing.operations.record_customer import record_customer
from billing.operations.record_payment import record_payment
from billing.operations.record_refund import record_refund
from billing.operations.record_subscription import record_subscription
from billing.operations.unit import UnitOfWork
from billing.rules.facts.base import Fact
from billing.rules.facts.checkout import CheckoutFact
from billing.rules.facts.customer import CustomerFact
from billing.rules.facts.payment import ChargeFact, PaymentFact
from billing.rules.facts.refund import RefundFact
from billing.rules.facts.subscription import SubscriptionFact


def record_fact(unit: UnitOfWork, fact: Fact) -> None:
    """Call the verb of this kind of fact.

    Raises:
        TypeError: no verb records it; a bug in the handler that sent it here.
    """
    match fact:
        case PaymentFact():
            record_payment(unit, fact)
        case ChargeFact():
            record_charge(unit, fact)
        case RefundFact():
            record_refund(unit, fact)
        case SubscriptionFact():
            record_subscription(unit, fact)
        case CheckoutFact():
            record_checkout(unit, fact)
        case CustomerFact():
            record_customer(unit, fact)
        case _:
            raise TypeError(f"no verb records a {type(fact).__name__}")
