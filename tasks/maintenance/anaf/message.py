"""What ANAF says of an upload when it is asked: how it stands, and the papers of its decision."""

from __future__ import annotations

from billing.operations.follow_efactura import record_papers, record_status
from billing.operations.unit import UnitOfWork
from billing.rules.facts.efactura import EfacturaPapersFact, EfacturaStatusFact
from billing.rules.facts.event import Event
from providers.anaf import shapes


def facts(event: Event) -> EfacturaStatusFact | EfacturaPapersFact:
    """The one or the other."""
    return shapes.status(event) if event.type == "message.status" else shapes.papers(event)


def status(unit: UnitOfWork, fact: EfacturaStatusFact) -> None:
    """Accepted, rejected, or still in work."""
    record_status(unit, fact)


def papers(unit: UnitOfWork, fact: EfacturaPapersFact) -> None:
    """The ministry's answer and its signature."""
    record_papers(unit, fact)
