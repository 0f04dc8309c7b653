"""Asks for the provider's own word on an object, because what told of it could have been forged or was incomplete."""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from billing.rules.facts.base import Fact


def request_fetch(unit: UnitOfWork, fact: Fact, kind: str, path: str, *, object_ref: str | None = None) -> None:
    """Send a look-up of the fact's object at its provider, once per event; the answer enters the inbox by itself.

    Args:
        unit: the transaction.
        fact: what was told; its source names the provider.
        kind: the provider's kind of object, as the answer's event type will name it.
        path: where the provider shows it, escaped.
        object_ref: the object, where the fact is about something else (an answer).
    """
    about = object_ref or fact.external_id
    # What is read because of this event is newer than the event, whatever our clock says beside the provider's.
    after = fact.version.at.isoformat()
    unit.send(
        f"{fact.source}.fetch",
        key=f"{kind}:{about}:{fact.version.event_id}",
        payload={"kind": kind, "id": about, "path": path, "lane": f"{fact.source}:{about}", "after": after},
        queue="payments",
        lane=f"{fact.source}:{about}",
    )
