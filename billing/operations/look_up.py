"""Asks the outbox to look an object up at its provider; the answer enters the inbox as an event of its own."""

from __future__ import annotations

from billing.operations.unit import UnitOfWork
from billing.rules.facts.thin import ThinFact


def look_up(unit: UnitOfWork, fact: ThinFact, *, queue: str) -> None:
    """One look-up per event; an event that concerns no object asks for nothing and is done."""
    if fact.kind is None or fact.url is None or fact.object_id is None:
        return
    payload = {"kind": fact.kind, "id": fact.object_id, "url": fact.url, "account": fact.account}
    unit.send(f"{fact.source}.fetch", fact.external_id, payload, queue=queue, lane=f"{fact.source}:{fact.object_id}")
