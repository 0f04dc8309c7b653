"""Stripe's thin events -> where the object is; of kinds that Bursar mirrors only."""

from __future__ import annotations

from billing.rules.facts.event import Event
from billing.rules.facts.thin import ThinFact
from providers import fields
from providers.stripe.event_types import FETCHED
from providers.stripe.shapes import money_in


def thin(event: Event) -> ThinFact:
    """The related object's address; no kind, and so no look-up, for an object that no handler mirrors."""
    kind = fields.optional(event.object, "type")
    return ThinFact(
        source=event.source,
        external_id=event.id,
        version=money_in.version(event),
        kind=kind if kind in FETCHED else None,
        object_id=fields.optional(event.object, "id"),
        url=fields.optional(event.object, "url"),
        account=event.account,
    )
