"""Stripe `account.application.*`: a connected account let our application in, or shut it out."""

from __future__ import annotations

from billing.operations.record_account import record_account
from billing.operations.unit import UnitOfWork
from billing.rules.facts.account import AccountFact
from billing.rules.facts.event import Event
from providers.stripe.shapes.account import authorization


def facts(event: Event) -> list[AccountFact]:
    """The right of the account that the envelope names; none when it names none."""
    return authorization(event, authorized=event.type == "account.application.authorized")


def mirrored(unit: UnitOfWork, fact: AccountFact) -> None:
    """The right as this event shows it."""
    record_account(unit, fact)


authorized = deauthorized = mirrored
