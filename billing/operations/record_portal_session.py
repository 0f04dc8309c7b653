"""Records that a customer opened the provider's billing portal (INBOX-10)."""

from __future__ import annotations

from billing.operations.apply_fact import apply_fact
from billing.operations.link import link
from billing.operations.unit import UnitOfWork
from billing.rules.facts.portal_session import PortalSessionFact
from models.portal_session import PortalSession


def record_portal_session(unit: UnitOfWork, fact: PortalSessionFact) -> PortalSession:
    """Merge the visit and link its customer."""
    row = unit.row(PortalSession, fact.source, fact.external_id)
    apply_fact(unit, row, fact)
    link(unit, row, customer=row.customer_ref)
    return row
