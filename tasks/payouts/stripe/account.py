"""Stripe `account.updated`: what a connected account may do, and what Stripe still wants to know of it."""

from __future__ import annotations

from billing.operations.record_account import record_account
from billing.operations.unit import UnitOfWork
from billing.rules.facts.account import AccountFact
from billing.rules.facts.event import Event
from providers.stripe.shapes.account import account


def facts(event: Event) -> AccountFact:
    """The account in the event."""
    return account(event)


def updated(unit: UnitOfWork, fact: AccountFact) -> None:
    """The account as this event shows it."""
    record_account(unit, fact)


fetched = updated
