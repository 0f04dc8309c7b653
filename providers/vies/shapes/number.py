"""An answer of VIES as a fact."""

from __future__ import annotations

from billing.rules.facts.base import Version
from billing.rules.facts.event import Event
from billing.rules.facts.vies import OUTCOMES, ViesFact
from providers.errors import UnparsableBody
from providers.fields import needed, optional


def number(event: Event) -> ViesFact:
    """What it said.

    Raises:
        UnparsableBody: not one of its outcomes.
    """
    said = event.object
    outcome = next((word for word in OUTCOMES if word == needed(said, "outcome")), None)
    if outcome is None:
        raise UnparsableBody(f"VIES's answer is {said['outcome']!r}, which is none")
    return ViesFact(
        source=event.source, external_id=needed(said, "number"), version=Version(1, event.occurred_at, 0, event.id), outcome=outcome,
        at=event.occurred_at, code=optional(said, "code"), request_date=optional(said, "request_date"),
        consultation=optional(said, "consultation"), requester=optional(said, "requester"),
    )  # fmt: skip
