"""PayPal `CUSTOMER.DISPUTE.*`: a buyer contests a payment."""

from __future__ import annotations

from billing.operations.record_dispute import record_dispute
from billing.operations.request_fetch import request_fetch
from billing.operations.unit import UnitOfWork
from billing.rules.facts.dispute import DisputeFact
from billing.rules.facts.event import Event
from providers.paypal.paths import path
from providers.paypal.shapes.dispute import dispute


def facts(event: Event) -> DisputeFact:
    """The dispute in the event."""
    return dispute(event)


def mirrored(unit: UnitOfWork, fact: DisputeFact) -> None:
    """The dispute as this event shows it, and a look at PayPal's own record of it: the body is weakly signed."""
    record_dispute(unit, fact)
    request_fetch(unit, fact, "dispute", path("dispute", fact.external_id))


created = updated = resolved = mirrored
