"""Stripe's thin events (`v1.*`, `v2.*`): they say that an object changed and where it is, so it is looked up."""

from __future__ import annotations

from billing.operations.look_up import look_up
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.thin import ThinFact
from providers.stripe.shapes.thin import thin


def facts(event: Event) -> ThinFact:
    """The address in the event."""
    return thin(event)


def received(unit: UnitOfWork, fact: ThinFact) -> None:
    """Look the object up, if it is of a kind that we mirror."""
    look_up(unit, fact, queue="payments")
