"""Records whichever fact it gets, for events that tell of several kinds of objects at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from billing.operations.record_account import record_account
from billing.operations.record_charge import record_charge
from billing.operations.record_checkout import record_checkout
from billing.operations.record_customer import record_customer
from billing.operations.record_dispute import record_dispute
from billing.operations.record_payment import record_payment
from billing.operations.record_payout import record_payout
from billing.operations.record_refund import record_refund
from billing.operations.record_subscription import record_subscription
from billing.operations.record_transfer import record_transfer
from billing.operations.unit import UnitOfWork
from billing.rules.facts.account import AccountFact
from billing.rules.facts.base import Fact
from billing.rules.facts.checkout import CheckoutFact
from billing.rules.facts.customer import CustomerFact
from billing.rules.facts.dispute import DisputeFact
from billing.rules.facts.payment import ChargeFact, PaymentFact
from billing.rules.facts.payout import PayoutFact
from billing.rules.facts.refund import RefundFact
from billing.rules.facts.subscription import SubscriptionFact
from billing.rules.facts.transfer import TransferFact

_VERBS: Mapping[type[Fact], Callable[[UnitOfWork, Any], object]] = {
    AccountFact: record_account,
    ChargeFact: record_charge,
    CheckoutFact: record_checkout,
    CustomerFact: record_customer,
    DisputeFact: record_dispute,
    PaymentFact: record_payment,
    PayoutFact: record_payout,
    RefundFact: record_refund,
    SubscriptionFact: record_subscription,
    TransferFact: record_transfer,
}


def record_fact(unit: UnitOfWork, fact: Fact) -> None:
    """Call the verb of this kind of fact.

    Raises:
        TypeError: no verb records it; a bug in the handler that sent it here.
    """
    verb = _VERBS.get(type(fact))
    if verb is None:
        raise TypeError(f"no verb records a {type(fact).__name__}")
    verb(unit, fact)
