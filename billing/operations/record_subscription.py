"""Records what a provider said about a subscription (SUB-8)."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.follow_seats import follow_seats
from billing.operations.link import link
from billing.operations.move_status import move_status
from billing.operations.own_of import own_of
from billing.operations.tell_subscription import tell_subscription_moved
from billing.operations.unit import UnitOfWork
from billing.rules.facts.subscription import SubscriptionFact
from billing.rules.states import SUBSCRIPTION
from models.subscription import Subscription


def record_subscription(unit: UnitOfWork, fact: SubscriptionFact) -> Subscription:
    """Merge the subscription, link its customer, check and audit its change of status (SUB-2)."""
    row = unit.row(Subscription, fact.source, fact.external_id)
    before = row.status
    apply_fact(unit, row, fact)
    link(unit, row, customer=row.customer_ref, account=row.account_ref)
    own_of(unit, row)
    follow_seats(unit, row)
    about = {
        "provider_status": row.provider_status,
        "cancel_at_period_end": row.cancel_at_period_end,
        "reason": row.cancellation_reason,
    }
    move_status(unit, row, SUBSCRIPTION, before, row.status, about)
    tell_subscription_moved(unit, row, before)
    return row
