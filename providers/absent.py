"""A look-up that found nothing, as the call workers store it, into a fact."""

from __future__ import annotations

from billing.rules.facts.absent import AbsentFact
from billing.rules.facts.base import Version
from billing.rules.facts.event import Event
from providers import fields


def absent(event: Event) -> AbsentFact:
    """What is not there, and which finding said so.

    Raises:
        UnparsableBody: it is not what we stored.
    """
    return AbsentFact(
        source=event.source,
        external_id=fields.needed(event.object, "finding"),
        version=Version(1, event.occurred_at, 0, event.id),
        object_type=fields.needed(event.object, "object_type"),
        object_ref=fields.needed(event.object, "object_ref"),
    )
