"""Stripe `account.external_account.*`: the bank accounts and cards that payouts go to."""

from __future__ import annotations

from billing.operations.record_external_account import record_external_account
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.external_account import ExternalAccountFact
from providers.stripe.shapes.external_account import external_account


def facts(event: Event) -> ExternalAccountFact:
    """The bank account or card in the event."""
    return external_account(event)


def mirrored(unit: UnitOfWork, fact: ExternalAccountFact) -> None:
    """The bank account or card as this event shows it; the shape knows a deletion by the event's type."""
    record_external_account(unit, fact)


created = updated = deleted = mirrored
