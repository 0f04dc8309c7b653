"""Stripe `payout.*`: a snapshot of the payout each time; which one is newer, the merge decides."""

from __future__ import annotations

from billing.operations.record_payout import record_payout
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.payout import PayoutFact
from providers.stripe.shapes.payout import payout


def facts(event: Event) -> PayoutFact:
    """The payout in the event."""
    return payout(event)


def mirrored(unit: UnitOfWork, fact: PayoutFact) -> None:
    """The payout as this event shows it."""
    record_payout(unit, fact)


created = updated = paid = failed = canceled = reconciliation_completed = fetched = mirrored
