"""PayPal `PAYMENT.PAYOUTS-ITEM.*`: what became of one recipient's payout."""

from __future__ import annotations

from billing.operations.record_payout import record_payout
from billing.operations.request_fetch import request_fetch
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.payout import PayoutFact
from providers.paypal.paths import path
from providers.paypal.shapes.payout_item import payout_item


def facts(event: Event) -> PayoutFact:
    """The item in the event."""
    return payout_item(event)


def mirrored(unit: UnitOfWork, fact: PayoutFact) -> None:
    """The item as this event shows it, and a look at PayPal's own record of it: the body is weakly signed."""
    record_payout(unit, fact)
    request_fetch(unit, fact, "payouts-item", path("payouts-item", fact.external_id))


succeeded = failed = denied = blocked = held = canceled = refunded = returned = unclaimed = mirrored
