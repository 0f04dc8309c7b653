"""Stripe `billing_portal.session.*`: a customer opened the portal (INBOX-10)."""

from __future__ import annotations

from billing.operations.record_portal_session import record_portal_session
from billing.operations.unit import UnitOfWork
from billing.rules.facts.event import Event
from billing.rules.facts.portal_session import PortalSessionFact
from providers.stripe.shapes.customer import portal_session


def facts(event: Event) -> PortalSessionFact:
    """The visit in the event."""
    return portal_session(event)


def created(unit: UnitOfWork, fact: PortalSessionFact) -> None:
    """The visit; what the customer changes there arrives in events of its own."""
    record_portal_session(unit, fact)
