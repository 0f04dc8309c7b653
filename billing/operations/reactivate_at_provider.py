"""Takes back that a subscription which a provider bills ends with its period: asked of Stripe, at PayPal a wish of ours only (SUB-5)."""

from __future__ import annotations

from billing.operations.cancel_at_provider import ask_provider, mirrored_subscription
from billing.operations.end_with_period import ENDED, SOURCE, take_back
from billing.operations.unit import UnitOfWork
from billing.rules.commands.base import Rejected
from billing.rules.commands.subscriptions import ReactivateSubscription
from models.subscription import Subscription


def reactivate_at_provider(unit: UnitOfWork, command: ReactivateSubscription) -> Subscription:
    """The mirrored row; it follows the provider's answer. Nothing to take back: nothing changes.

    Raises:
        Rejected: `unknown_subscription`, `ended`.
    """
    row = mirrored_subscription(unit, command.source, command.reference, command.subscriber_ref)
    if row.status in ENDED:
        raise Rejected("ended", f"{row.external_id} is {row.status}; begin another one", {"current": row.status})
    if row.source == SOURCE:
        take_back(unit, row, command.reason)
    else:
        ask_provider(unit, row, "keep", command.reason)
    return row
